"""From a candidate's config to a network that takes the data."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from torch import nn

from nas_hydra.errors import CandidateError


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's generators seeded for a while, and put back as they were."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=list(devices)):
        torch.manual_seed(seed)
        yield


def build_model(
    config: Mapping[str, Any], input_shape: Sequence[int], num_classes: int
) -> nn.Module:
    """The network, its lazy layers made, checked by one forward pass of two empty images.

    Args:
        config: the candidate's ``model``.
        input_shape: (C, H, W).
        num_classes: number of logits that it must give per image.

    Raises:
        CandidateError: if it cannot be built, cannot take the images or gives another shape.
    """
    try:
        model = instantiate(config, _convert_="all")
    except InstantiationException as error:
        raise CandidateError(f"the model cannot be built: {_innermost(error)}") from error
    if not isinstance(model, nn.Module):
        raise CandidateError(f"the model is a {type(model).__name__}, not a torch.nn.Module")
    output = _probe(model, input_shape)
    if tuple(output.shape) != (2, num_classes):
        raise CandidateError(
            f"the model gives outputs of shape {tuple(output.shape)} for 2 images; "
            f"(2, {num_classes}) is needed, since dataset.num_classes is {num_classes}"
        )
    return model


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _probe(model: nn.Module, input_shape: Sequence[int]) -> torch.Tensor:
    images = torch.zeros(2, *input_shape)
    model.eval()
    try:
        with torch.no_grad():
            output = model(images)
    except Exception as error:  # any module may raise anything on a shape it does not expect
        reason = str(error).strip().splitlines()[0]
        raise CandidateError(
            f"the model fails on images of shape {tuple(input_shape)}: "
            f"{type(error).__name__}: {reason}"
        ) from error
    finally:
        model.train()
    if not isinstance(output, torch.Tensor):
        raise CandidateError(f"the model returns a {type(output).__name__}, not a tensor of logits")
    return output


def _innermost(error: BaseException) -> str:
    """The first line of what went wrong in the first place."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
