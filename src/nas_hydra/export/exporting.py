"""From a retrained model to files that others run, and whether they compute the same."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from nas_hydra.artifact import Artifact
from nas_hydra.component import build
from nas_hydra.dataset.base import ImageDataset
from nas_hydra.dataset.source import target_of
from nas_hydra.draft import drafted
from nas_hydra.errors import ConfigError, NasHydraError, listing
from nas_hydra.export.blame import reason
from nas_hydra.export.format import IMAGES, Format, Trained
from nas_hydra.export.name import FormatName
from nas_hydra.export.onnx import Onnx
from nas_hydra.export.python import Python
from nas_hydra.export.state_dict import StateDict
from nas_hydra.export.torch_export import TorchExport
from nas_hydra.network import logits, network_of

FORMATS: Mapping[FormatName, Format] = {
    "onnx": Onnx(),
    "torch_export": TorchExport(),
    "state_dict": StateDict(),
    "python": Python(),
}

TOLERANCE = 1e-4
"""How far the logits may be from torch's, as a share of the largest, or of 1 if that is less."""


class ExportError(NasHydraError):
    """What was exported does not compute what torch does."""


@dataclass(frozen=True)
class Exported:
    """What was written, and how well it was checked.

    Args:
        files: that were written.
        images: how many test images both have classified.
        difference: the largest between two logits.
        largest: the largest logit, which says how much that is.
    """

    files: Sequence[Path]
    images: int
    difference: float
    largest: float


def export(artifact: Artifact, name: FormatName, folder: Path, images: Tensor) -> Exported:
    """Write a retrained model in another format; nothing if that does not compute the same.

    Args:
        artifact: the retrained model.
        name: of the format.
        folder: where its files go.
        images: to check it with, (N, C, H, W), float32 in [0, 1].

    Raises:
        ConfigError: if a layer cannot be expressed in the format, naming it.
        ExportError: if the logits differ by more than ``TOLERANCE``, or the format's library fails.
    """
    chosen = FORMATS[name]
    sample = torch.rand(IMAGES, *artifact.image.shape, generator=torch.Generator().manual_seed(0))
    trained = Trained(artifact, network_of(artifact), sample)
    with drafted(folder) as draft, told(name):
        chosen.write(trained, draft)
        found = compare(trained, chosen, draft, images)
    return Exported([folder / file for file in chosen.files], len(images), *found)


@contextmanager
def told(name: FormatName) -> Iterator[None]:
    """Whatever a format's library raises, in one line.

    Raises:
        ExportError: if it does.
    """
    try:
        yield
    except (NasHydraError, OSError):
        raise
    except Exception as error:
        others = listing(other for other in FORMATS if other != name)
        raise ExportError(
            f"{name} cannot export this network ({reason(error)}). Nothing was written; other"
            f" formats: {others}"
        ) from error


def compare(trained: Trained, written: Format, folder: Path, images: Tensor) -> tuple[float, float]:
    """The largest difference between two logits, and the largest logit.

    Raises:
        ExportError: if the difference is more than ``TOLERANCE``.
    """
    wanted = logits(trained.network, images)
    difference = float((written.run(trained, folder, images) - wanted).abs().max())
    largest = float(wanted.abs().max())
    if not difference <= TOLERANCE * max(1.0, largest):
        raise ExportError(
            f"the exported network is not the same: on {len(images)} test images its logits, of at"
            f" most {largest:.3g}, differ by up to {difference:.2g}. Nothing was written"
        )
    return difference, largest


def checking_images(artifact: Artifact, most: int) -> Tensor:
    """The first test images of the dataset that the model was trained on, as they are.

    Args:
        artifact: whose ``config`` says which dataset.
        most: how many.

    Raises:
        ConfigError: if they are not there, or not of the size that the model takes.
    """
    dataset = build(artifact.dataset, "dataset")
    if not isinstance(dataset, ImageDataset):
        given = artifact.dataset["_target_"]
        raise ConfigError("dataset._target_", f"is {given}, which is no dataset of images")
    test = dataset.opened("test")
    images: Tensor = test[torch.arange(min(most, len(target_of(test))))]
    if tuple(images.shape[1:]) != artifact.image.shape:
        raise ConfigError(
            "dataset",
            f"its images are {tuple(images.shape[1:])} (channels, height, width), and the model was"
            f" trained on {artifact.image.shape}: it is another dataset",
        )
    return images
