"""The fitted preparation of a model's inputs, as a file that is read without calling anything."""

import io
from dataclasses import dataclass

import torch
from torch import nn

from nas_hydra.dataset.prepare.standardize import Standardized
from nas_hydra.description import Normalize
from nas_hydra.errors import ConfigError, in_one_line
from nas_hydra.foreign import check_foreign


@dataclass(frozen=True)
class Packed:
    """A preparation that can be written.

    Args:
        content: of its file.
        classes: that reading it needs, by their full names.
    """

    content: bytes
    classes: list[str]


def packed(prepare: nn.Module) -> Packed | None:
    """The preparation as a file; None if it changes nothing.

    Raises:
        ConfigError: if it could not be read again, or names what may not be called.
    """
    if isinstance(prepare, nn.Identity):
        return None
    kinds = list(dict.fromkeys(type(part) for part in prepare.modules()))
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in kinds]
    for name in names:
        check_foreign({"_target_": name}, "dataset.prepare")
    stream = io.BytesIO()
    try:
        torch.save(prepare, stream)
        stream.seek(0)
        with torch.serialization.safe_globals([*kinds]):
            torch.load(stream, weights_only=True)
    except Exception as error:  # torch and pickle raise all kinds
        raise ConfigError(
            "dataset.prepare",
            f"gives a {kinds[0].__name__}, which cannot be kept with a model"
            f" ({in_one_line(error)}); a preparation is made of buffers, layers and plain values,"
            " and of classes that can be imported",
        ) from error
    return Packed(stream.getvalue(), names)


def normalize_of(prepare: nn.Module, channels: int) -> Normalize | None:
    """What images of so many channels are normalised by; None if something else is done to them."""
    if isinstance(prepare, nn.Identity):
        return Normalize(mean=[0.0] * channels, std=[1.0] * channels)
    if isinstance(prepare, Standardized):
        return Normalize(mean=prepare.mean.flatten().tolist(), std=prepare.std.flatten().tolist())
    return None
