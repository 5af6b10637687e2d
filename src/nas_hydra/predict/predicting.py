"""Files to answers: pictures one by one, and rows of files that hold many."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from torch import Tensor, stack

from nas_hydra.artifact import Artifact
from nas_hydra.config.component import locate
from nas_hydra.dataset import Dataset, Tree
from nas_hydra.dataset.examples import digest_of_picture, digests_of_rows, read_examples
from nas_hydra.dataset.images.picture import PIXEL_LIMIT
from nas_hydra.dataset.tree import CHUNK, alike, chunks, form_of, number_of_rows
from nas_hydra.errors import ConfigError
from nas_hydra.predict import Prediction, Skipped
from nas_hydra.predict.answering import Answering
from nas_hydra.predict.images import (
    STANDARD_INPUT,
    Decoder,
    UnusableError,
    files_of,
    reading_of,
    resized_in_training,
)

TRAINING = "training"
BATCH = 64
"""How many images are looked at at a time."""


class Familiar:
    """Knows the rows that a model was trained on, if its folder tells.

    Args:
        artifact: the model.
    """

    def __init__(self, artifact: Artifact) -> None:
        file = artifact.examples
        known = {} if file is None else read_examples(file)
        self._contents = known[TRAINING].contents if TRAINING in known else None
        self._digests = set(self._contents.digests.tolist() if self._contents else ())

    def picture(self, file: Path, pixels: Tensor) -> bool | None:
        """Whether a picture is among them; None if that is not known.

        Args:
            file: the picture.
            pixels: (C, H, W), float32 in [0, 1], as the network takes it.
        """
        if self._contents is None:
            return None
        try:
            return digest_of_picture(self._contents.how, file, pixels) in self._digests
        except OSError:  # it was there a moment ago
            return None

    def rows(self, inputs: Tree) -> list[bool | None]:
        """Whether each row is among them; None if that is not known.

        Args:
            inputs: (N, ...), as the data has them.
        """
        found = digests_of_rows(chunks(inputs, CHUNK))
        if self._contents is None or self._contents.how != found.how:
            return [None] * number_of_rows(inputs)
        return [digest in self._digests for digest in found.digests.tolist()]


def predict(
    artifact: Artifact,
    typed: Sequence[str],
    stdin: TextIO,
    resize: bool | None = None,
    pixel_limit: int = PIXEL_LIMIT,
    folder: Path | None = None,
) -> Iterator[Prediction | Skipped]:
    """Say what a model says of files, in their order.

    Args:
        artifact: the retrained model.
        typed: paths, and ``-``: of a model of images, paths are read from ``stdin``, of another
            one rows.
        stdin: standard input, read as it is needed.
        resize: whether images of another size are resized; None: if those of the training were.
        pixel_limit: images with more pixels are skipped, and are not decoded.
        folder: where answers go that are files.

    Raises:
        ConfigError: if the model cannot be loaded, or does not take such files, or if a file is
            not there; before any is read.
        PredictError: if its network fails on several rows at a time.
    """
    if artifact.image is None:
        read = _reader(artifact)
        yield from _of_rows(artifact, Answering.of(artifact, folder), read, typed, stdin)
        return
    files = files_of(typed, stdin)
    resize = resized_in_training(artifact) if resize is None else resize
    decoder = Decoder(artifact.image, resize, reading_of(artifact, pixel_limit))
    yield from _of_pictures(Answering.of(artifact, folder), decoder, Familiar(artifact), files)


def _of_pictures(
    answering: Answering, decoder: Decoder, familiar: Familiar, files: Iterable[Path]
) -> Iterator[Prediction | Skipped]:
    waiting = iter(files)
    while some := list(islice(waiting, BATCH)):
        opened = [_read(decoder, file) for file in some]
        pairs = zip(some, opened, strict=True)
        used = [(str(file), one[0]) for file, one in pairs if not isinstance(one, Skipped)]
        names, pixels = zip(*used, strict=True) if used else ((), ())
        answers = iter(answering(names, stack(pixels)) if used else ())
        for file, one in zip(some, opened, strict=True):
            if isinstance(one, Skipped):
                yield one
                continue
            trained_on = familiar.picture(file, one[0])
            notes = [one[1], "the model was trained on it" if trained_on else ""]
            note = ", ".join(filter(None, notes))
            yield Prediction(str(file), next(answers), note, trained_on)


def _read(decoder: Decoder, file: Path) -> tuple[Tensor, str] | Skipped:
    try:
        return decoder(file)
    except UnusableError as error:
        return Skipped(str(file), str(error))


def _reader(artifact: Artifact) -> Any:
    """What gives the rows of a file as the model takes them: of its dataset's class.

    Raises:
        ConfigError: if that reads no files.
    """
    target = locate(artifact.dataset["_target_"], "dataset._target_")
    if isinstance(target, type) and issubclass(target, Dataset):
        own = target.unlabelled.__func__  # type: ignore[attr-defined]
        if own is not Dataset.unlabelled.__func__:  # type: ignore[attr-defined]
            return target.unlabelled
    raise ConfigError(
        "model",
        f"takes {form_of(artifact.empty(1))}, which its dataset reads from no file;"
        " nas-hydra-export writes it for other programs, and in Python"
        " nas_hydra.network.network_of(read_artifact(DIR)) is it",
    )


def _of_rows(
    artifact: Artifact, answering: Answering, read: Any, typed: Sequence[str], stdin: TextIO
) -> Iterator[Prediction]:
    """What is said of the rows of each file; a file is looked at as a whole."""
    files = [_checked(word) for word in typed]
    familiar, wanted = Familiar(artifact), artifact.empty(1)
    for word, file in zip(typed, files, strict=True):
        names, inputs = read(artifact.dataset, artifact.description.data or {}, file or stdin)
        if not alike(inputs, wanted):
            problem = f"gives {form_of(inputs)}, and the model takes {form_of(wanted)}"
            raise ConfigError("files", f"{word} {problem}")
        known = [f"{word}:{name}" for name in names]
        rows = zip(known, answering(known, inputs), familiar.rows(inputs), strict=True)
        for name, answer, trained_on in rows:
            note = "the model was trained on it" if trained_on else ""
            yield Prediction(name, answer, note, trained_on)


def _checked(word: str) -> Path | None:
    """The file that a word means; None is standard input.

    Raises:
        ConfigError: if it is not there.
    """
    if word == STANDARD_INPUT:
        return None
    file = Path(word)
    if not file.exists():
        raise ConfigError("files", f"there is no file {word}")
    return file
