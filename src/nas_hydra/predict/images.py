"""From what was typed to pixels."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from nas_hydra.artifact import Artifact
from nas_hydra.config.component import locate
from nas_hydra.dataset.image_folder import ImageFolder
from nas_hydra.dataset.images.files import is_hidden, is_image
from nas_hydra.dataset.images.picture import (
    ENDINGS,
    MODES,
    Decoding,
    UnreadableError,
    read_picture,
    resized,
)
from nas_hydra.description import Image
from nas_hydra.errors import ConfigError

STANDARD_INPUT = "-"


class UnusableError(Exception):
    """An image that cannot be classified; the message says why."""


def files_of(typed: Sequence[str], lines: Iterable[str]) -> Iterator[Path]:
    """The images that are meant: files, all images in folders, and paths of standard input.

    Args:
        typed: paths, and ``-`` for standard input.
        lines: of standard input; read as they are needed.

    Raises:
        ConfigError: if a path is not there, or a folder holds no image; at once, before any is
            given.
    """
    found = [word if word == STANDARD_INPUT else list(_files(Path(word))) for word in typed]
    return _each(found, lines)


def _each(found: Sequence[str | list[Path]], lines: Iterable[str]) -> Iterator[Path]:
    for files in found:
        if isinstance(files, str):
            yield from (Path(line.rstrip("\n")) for line in lines if line.strip())
        else:
            yield from files


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    if not path.is_dir():
        raise ConfigError("images", f"there is no file and no folder {path}")
    inside = sorted(
        file
        for file in path.rglob("*")
        if is_image(file.name)
        and not any(map(is_hidden, file.relative_to(path).parts))
        and not file.is_dir()
    )
    if not inside:
        raise ConfigError("images", f"the folder {path} holds no images ({', '.join(ENDINGS)})")
    yield from inside


def resized_in_training(artifact: Artifact) -> bool:
    """Whether the model was trained on pictures of any size, made as large as it takes."""
    target = locate(artifact.dataset["_target_"], "dataset._target_")
    return isinstance(target, type) and issubclass(target, ImageFolder)


def reading_of(artifact: Artifact, pixel_limit: int) -> Decoding:
    """What is made of files: what was in the training, where its dataset says so.

    Raises:
        ConfigError: if that is nothing that can be said.
    """
    given = artifact.config.get("dataset")
    said = given if isinstance(given, Mapping) else {}
    kept = {name: said[name] for name in ("background", "range") if name in said}
    return Decoding(**kept, pixel_limit=pixel_limit)


@dataclass(frozen=True)
class Decoder:
    """Reads images as a model takes them.

    Args:
        image: what it takes.
        resize: whether pictures of another size are resized; else they are unusable.
        reading: what is made of them.
    """

    image: Image
    resize: bool
    reading: Decoding

    def __post_init__(self) -> None:
        if self.image.channels not in MODES:
            raise ConfigError(
                "model", f"takes images of {self.image.channels} channels; no picture has as many"
            )

    def __call__(self, file: Path) -> tuple[Tensor, str]:
        """Pixels (C, H, W), float32 in [0, 1], and a note if the picture was resized or cut.

        Raises:
            UnusableError: if the file is broken, or of another size and not to be resized.
        """
        try:
            picture = read_picture(file, self.image.channels, self.reading)
        except UnreadableError as error:
            raise UnusableError(f"it cannot be read: {error.reason}") from None
        height, width = picture.pixels.shape[1:]
        wanted, given = (self.image.width, self.image.height), (width, height)
        if given != wanted and not self.resize:
            raise UnusableError(
                f"it is {_size(given)}, and the model takes {_size(wanted)} pixels;"
                " resize=true makes it so large"
            )
        notes = [f"it has {note}" for note in picture.notes]
        if given != wanted:
            notes.insert(0, f"resized from {_size(given)}")
        return resized(picture.pixels, self.image.height, self.image.width), "; ".join(notes)


def _size(pair: tuple[int, int]) -> str:
    return f"{pair[0]} x {pair[1]}"
