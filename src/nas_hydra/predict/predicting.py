"""Images to classes and probabilities."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from nas_hydra.artifact import Artifact
from nas_hydra.dataset.picture import PIXEL_LIMIT
from nas_hydra.errors import NasHydraError, in_one_line
from nas_hydra.network import Network, network_of
from nas_hydra.predict.familiar import Familiar
from nas_hydra.predict.images import Decoder, UnusableError, reading_of, resized_in_training
from nas_hydra.predict.result import Prediction, Skipped

BATCH = 64
"""How many images are classified at a time."""


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
        ConfigError: if the model cannot be loaded, before any image is read.
        PredictError: if its network fails on several images at a time.
    """
    network = network_of(artifact)
    resize = resized_in_training(artifact) if resize is None else resize
    decoder = Decoder(artifact.image, resize, reading_of(artifact, pixel_limit))
    return _predicted(network, decoder, Familiar(artifact), list(artifact.classes), files)


def _predicted(
    network: Network,
    decoder: Decoder,
    familiar: Familiar,
    classes: list[str],
    files: Iterable[Path],
) -> Iterator[Prediction | Skipped]:
    waiting = iter(files)
    while some := list(islice(waiting, BATCH)):
        read = [_read(decoder, file) for file in some]
        pixels = [one[0] for one in read if not isinstance(one, Skipped)]
        rows = iter(_probabilities(network, pixels))
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


def _probabilities(network: Network, pixels: list[Tensor]) -> list[list[float]]:
    if not pixels:
        return []
    try:
        with torch.inference_mode():
            found: list[list[float]] = network(torch.stack(pixels)).softmax(dim=1).tolist()
    except Exception as error:  # any module may raise anything
        raise PredictError(
            f"the network fails on {len(pixels)} images at a time: {in_one_line(error)}"
        ) from error
    return found


def _sorted(classes: list[str], row: list[float]) -> dict[str, float]:
    pairs = zip(classes, row, strict=True)
    return dict(sorted(pairs, key=lambda pair: pair[1], reverse=True))
