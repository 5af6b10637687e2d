"""Image files in folders as somebody has put them there: what is a split, what headers say."""

import itertools
import logging
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Any, NoReturn

from nas_hydra.dataset.images.picture import ENDINGS, UnreadableError, picture_header
from nas_hydra.errors import listing, printable

log = logging.getLogger(__name__)

LEFT_BY_SYSTEMS = ("__macosx", "thumbs.db", "desktop.ini")

SPLITS = ("training", "validation", "test")
WORDS = {
    **dict.fromkeys(("train", "training"), "training"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""A word in the name of a folder, in any case -> the split that it holds."""

MOST_READ = 1000
"""How many headers are read; of more images, as many that are spread evenly."""
LARGEST, SMALLEST = 64, 8
"""Pixels that images are made large and small where nothing is said: networks have to be quick."""
MOST_SHOWN = 5
"""How many files or folders a message names."""
GREY = ("1", "L", "LA", "La", "I", "F")


def subfolders(folder: str) -> list[str]:
    """The names of the folders inside."""
    return [os.path.basename(one) for one in visible(folder, folders=True)]


def visible(folder: str, folders: bool) -> list[str]:
    """Paths of the folders, or of the files, in a folder, by name."""
    with os.scandir(folder) as found:
        return sorted(
            one.path for one in found if _is_folder(one) == folders and not is_hidden(one.name)
        )


def _is_folder(one: os.DirEntry[str]) -> bool:
    try:
        return one.is_dir()
    except OSError:  # a link that leads to itself
        return False


def is_hidden(name: str) -> bool:
    """Whether a file or folder is of the system, and none that somebody has put there."""
    return name.startswith(".") or name.lower() in LEFT_BY_SYSTEMS


def is_image(file: str) -> bool:
    """Whether a file's name ends as that of an image does."""
    return file.lower().endswith(ENDINGS)


def files_in(folder: str) -> list[str]:
    """All files in a folder and those inside, by folder and name.

    Raises:
        OSError: if a folder cannot be read.
    """
    found = sorted(_walked(folder))
    return [os.path.join(where, name) for where, names in found for name in sorted(names)]


def holds_images(folder: str) -> bool:
    """Whether there is one in a folder or those inside."""
    return any(is_image(name) for _, names in _walked(folder) for name in names)


def _walked(folder: str) -> Iterator[tuple[str, list[str]]]:
    """Each folder from this one on, once also where links go round, and the names of its files."""
    seen: set[str] = set()
    for where, inside, names in os.walk(folder, followlinks=True, onerror=_refuse):
        real = os.path.realpath(where)
        inside[:] = [] if real in seen else sorted(name for name in inside if not is_hidden(name))
        if real not in seen:
            seen.add(real)
            yield where, [name for name in names if not is_hidden(name)]


def _refuse(error: OSError) -> NoReturn:
    raise error


def split_folders(base: str) -> Mapping[str, Sequence[str]]:
    """Split -> the folders whose names are a word for it, or else have one in them."""
    named = defaultdict(list)
    for name in subfolders(base):
        words = {WORDS[word] for word in re.split(r"[\W_]+", name.lower()) if word in WORDS}
        if len(words) == 1:
            named[words.pop()].append(name)
    exact = {
        split: [one for one in names if one.lower() in WORDS] for split, names in named.items()
    }
    return {split: exact[split] or names for split, names in named.items()}


def listed_folders(named: Mapping[str, Sequence[str]]) -> str:
    """All folders of all splits, in words."""
    return listing(itertools.chain(*named.values()))


def tell_left_out(files: Iterable[str], what: str, why: str) -> None:
    """Warn that files are left out.

    Args:
        files: their paths.
        what: they are and where, with ``%s`` for the plural's s.
        why: with a comma before it; empty if that is plain.
    """
    named = sorted(map(printable, files))
    if named:
        several = len(named) > 1
        kind, verb = what % ("s" * several), "are" if several else "is"
        log.warning(
            "data: %d %s %s left out%s: %s",
            *(len(named), kind, verb, why, listing(named, MOST_SHOWN)),
        )


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
        least, most = (
            choose(self.sizes, key=lambda size: size[0] * size[1]) for choose in (min, max)
        )
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


def _told(width: int, height: int) -> str:
    return f"{width} x {height}"


def headers(files: Sequence[str]) -> Headers:
    """Read those of the files, or of some of them."""
    step = max(1, -(-len(files) // MOST_READ))
    sizes, modes = [], []
    for file in files[::step]:
        try:
            size, mode = picture_header(file)
        except UnreadableError:  # which is told where all are looked at
            continue
        sizes.append(size)
        modes.append(mode)
    return Headers(sizes, modes)
