"""Images to classes and probabilities."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from nas_hydra.artifact import Artifact
from nas_hydra.dataset.picture import PIXEL_LIMIT
from nas_hydra.dataset.tree import told
from nas_hydra.description import Image
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line
from nas_hydra.evaluator.prepared import task_of
from nas_hydra.network import network_of
from nas_hydra.predict.familiar import Familiar
from nas_hydra.predict.images import Decoder, UnusableError, reading_of, resized_in_training
from nas_hydra.predict.result import Prediction, Skipped

BATCH = 64
"""How many images are classified at a time."""


Answer = Callable[[Tensor], Tensor]
"""Pixels (n, C, H, W) to the probabilities of the classes, (n, classes)."""


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
    image, classes = classified(artifact)
    network, task = network_of(artifact), task_of(artifact.config)
    resize = resized_in_training(artifact) if resize is None else resize
    decoder = Decoder(image, resize, reading_of(artifact, pixel_limit))

    def answer(pixels: Tensor) -> Tensor:
        return task.answer(network(pixels))  # type: ignore[no-any-return]

    return _predicted(answer, decoder, Familiar(artifact), classes, files)


def classified(artifact: Artifact) -> tuple[Image, list[str]]:
    """The images that a model takes, and the classes that it tells apart.

    Raises:
        ConfigError: if it takes something else, or tells something else.
    """
    if artifact.image is not None and artifact.classes is not None:
        return artifact.image, list(artifact.classes)
    what = (
        f"takes {told(artifact.empty(1))}, and no images"
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
        read = [_read(decoder, file) for file in some]
        pixels = [one[0] for one in read if not isinstance(one, Skipped)]
        rows = iter(_probabilities(answer, pixels))
        for file, one in zip(some, read, strict=True):
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
