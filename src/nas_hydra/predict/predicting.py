"""Images to classes and probabilities."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from nas_hydra.artifact import Artifact
from nas_hydra.dataset.examples import digest_of_picture, read_examples
from nas_hydra.dataset.picture import PIXEL_LIMIT
from nas_hydra.dataset.tree import form_of
from nas_hydra.description import Image
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line
from nas_hydra.evaluator.prepared import task_of
from nas_hydra.network import network_of
from nas_hydra.predict import Prediction, Skipped
from nas_hydra.predict.images import Decoder, UnusableError, reading_of, resized_in_training

TRAINING = "training"


BATCH = 64
"""How many images are classified at a time."""

Answer = Callable[[Tensor], Tensor]
"""Pixels (n, C, H, W) to the probabilities of the classes, (n, classes)."""


class Familiar:
    """Knows the images that a model was trained on, if its folder tells.

    Args:
        artifact: the model.
    """

    def __init__(self, artifact: Artifact) -> None:
        file = artifact.examples
        known = {} if file is None else read_examples(file)
        self._contents = known[TRAINING].contents if TRAINING in known else None
        self._digests = set(self._contents.digests.tolist() if self._contents else ())

    def __call__(self, file: Path, pixels: Tensor) -> bool | None:
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


class PredictError(NasHydraError):
    """The network cannot classify images."""


def predict(
    artifact: Artifact,
    files: Iterable[Path],
    resize: bool | None = None,
    pixel_limit: int = PIXEL_LIMIT,
) -> Iterator[Prediction | Skipped]:
    """Classify images, in their order.

    Args:
        artifact: the retrained model.
        files: the images; those that cannot be used are skipped.
        resize: whether images of another size are resized; None: if those of the training were.
        pixel_limit: images with more pixels are skipped, and are not decoded.

    Raises:
        ConfigError: if the model cannot be loaded, or classifies no images; before any is read.
        PredictError: if its network fails on several images at a time.
    """
    image, classes = _classified(artifact)
    network, task = network_of(artifact), task_of(artifact.config)
    resize = resized_in_training(artifact) if resize is None else resize
    decoder = Decoder(image, resize, reading_of(artifact, pixel_limit))

    def answer(pixels: Tensor) -> Tensor:
        return task.answer(network(pixels))  # type: ignore[no-any-return]

    return _predicted(answer, decoder, Familiar(artifact), classes, files)


def _classified(artifact: Artifact) -> tuple[Image, list[str]]:
    """The images that a model takes, and the classes that it tells apart."""
    if artifact.image is not None and artifact.classes is not None:
        return artifact.image, list(artifact.classes)
    what = (
        f"takes {form_of(artifact.empty(1))}, and no images"
        if artifact.image is None
        else "gives no classes of images"
    )
    raise ConfigError(
        "model",
        f"{what}; nas-hydra-export writes it for other programs, and in Python"
        " nas_hydra.network.network_of(read_artifact(DIR)) is it",
    )


def _predicted(
    answer: Answer,
    decoder: Decoder,
    familiar: Familiar,
    classes: list[str],
    files: Iterable[Path],
) -> Iterator[Prediction | Skipped]:
    waiting = iter(files)
    while some := list(islice(waiting, BATCH)):
        opened = [_read(decoder, file) for file in some]
        pixels = [one[0] for one in opened if not isinstance(one, Skipped)]
        rows = iter(_probabilities(answer, pixels))
        for file, one in zip(some, opened, strict=True):
            if isinstance(one, Skipped):
                yield one
                continue
            trained_on = familiar(file, one[0])
            notes = [one[1], "the model was trained on it" if trained_on else ""]
            note = ", ".join(filter(None, notes))
            yield Prediction(str(file), _sorted(classes, next(rows)), note, trained_on)


def _read(decoder: Decoder, file: Path) -> tuple[Tensor, str] | Skipped:
    try:
        return decoder(file)
    except UnusableError as error:
        return Skipped(str(file), str(error))


def _probabilities(answer: Answer, pixels: list[Tensor]) -> list[list[float]]:
    if not pixels:
        return []
    try:
        with torch.inference_mode():
            found: list[list[float]] = answer(torch.stack(pixels)).tolist()
    except Exception as error:  # any module may raise anything
        raise PredictError(
            f"the network fails on {len(pixels)} images at a time: {in_one_line(error)}"
        ) from error
    return found


def _sorted(classes: list[str], row: list[float]) -> dict[str, float]:
    pairs = zip(classes, row, strict=True)
    return dict(sorted(pairs, key=lambda pair: pair[1], reverse=True))
