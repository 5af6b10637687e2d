"""What the headers of image files say, before any is decoded: sizes and colours, in one line."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from nas_hydra.dataset.class_folders import ClassFolders
from nas_hydra.dataset.picture import header
from nas_hydra.dataset.split_folders import SPLITS
from nas_hydra.dataset.unreadable import UnreadableError
from nas_hydra.errors import printable

MOST_READ = 1000
"""How many headers are read; of more images, as many that are spread evenly."""
LARGEST, SMALLEST = 64, 8
"""Pixels that images are made large and small where nothing is said: networks have to be quick."""
MOST_NAMED = 6
"""How many classes a line names."""

GREY = ("1", "L", "LA", "La", "I", "F")


@dataclass(frozen=True)
class Headers:
    """Of images that can be read.

    Args:
        sizes: width and height of each.
        modes: Pillow's name of what its pixels are.
    """

    sizes: Sequence[tuple[int, int]]
    modes: Sequence[str]

    @property
    def size(self) -> int:
        """The size of squares that fits them: the median of their shorter sides, within limits."""
        if not self.sizes:
            return LARGEST
        return max(SMALLEST, min(LARGEST, median_low([min(pair) for pair in self.sizes])))

    def sentence(self, size: Any) -> str:
        """``28 x 28 to 64 x 48 pixels, grey; each is made 32 x 32, squeezed if it is not square``.

        Args:
            size: what they are resized to, if it is a number; candidates may differ in it.
        """
        if not self.sizes:
            return "none of which can be read"
        least, most = (choose(self.sizes, key=_area) for choose in (min, max))
        span = _told(*least) if least == most else f"{_told(*least)} to {_told(*most)}"
        told = f"{span} pixels, {self._colours()}"
        if not isinstance(size, int) or all(pair == (size, size) for pair in self.sizes):
            return told
        oblong = any(width != height for width, height in self.sizes)
        how = ", squeezed if it is not square" if oblong else ""
        return f"{told}; each is made {_told(size, size)}{how}"

    def _colours(self) -> str:
        grey = [mode in GREY or mode.startswith("I;16") for mode in self.modes]
        return "grey" if all(grey) else "grey and colour" if any(grey) else "colour"


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _told(width: int, height: int) -> str:
    return f"{width} x {height}"


def headers(files: Sequence[str]) -> Headers:
    """Read those of the files, or of some of them."""
    step = max(1, -(-len(files) // MOST_READ))
    sizes, modes = [], []
    for file in files[::step]:
        try:
            size, mode = header(file)
        except UnreadableError:  # which is told where all are looked at
            continue
        sizes.append(size)
        modes.append(mode)
    return Headers(sizes, modes)


def counted(folders: ClassFolders) -> str:
    """``180 images in 3 classes (cat 60, dog 60, owl 60)``, and where they lie."""
    labels = [sample.label for sample in folders.samples]
    named = [
        f"{printable(name)} {labels.count(label):,}"
        for label, name in enumerate(folders.classes[:MOST_NAMED])
    ]
    more = len(folders.classes) - len(named)
    classes = ", ".join([*named, *([f"and {more:,} more"] if more else [])])
    return (
        f"{len(labels):,} images in {len(folders.classes):,} classes ({classes}){_where(folders)}"
    )


def _where(folders: ClassFolders) -> str:
    if not folders.divided:
        (only,) = folders.splits.values()
        return "" if only == folders.root else f" in {folders.short(only)}"
    splits = [sample.split for sample in folders.samples]
    parts = (
        f"{splits.count(SPLITS.index(split)):,} for {split} in {folders.short(folder)}"
        for split, folder in folders.splits.items()
    )
    return f", {', '.join(parts)}"
