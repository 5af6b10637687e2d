"""From a candidate's config to a network that takes the data."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from nas_hydra.dataset import Example
from nas_hydra.errors import CandidateError, in_one_line
from nas_hydra.evaluator.probe import probe
from nas_hydra.foreign import check_foreign
from nas_hydra.instantiation import TargetError, instantiate
from nas_hydra.task import Task


def build_model(config: Mapping[str, Any], example: Example, task: Task) -> nn.Module:
    """The network, its lazy layers made, checked by one forward pass of an example.

    Args:
        config: the candidate's ``model``.
        example: of the data.
        task: that it is to be trained for, bound to the data.

    Raises:
        CandidateError: if it cannot be built, cannot take the inputs or gives no output for the
            task.
    """
    model = make_model(config)
    task.check(probe(model, example.inputs), example.target)
    return model


def make_model(config: Mapping[str, Any]) -> nn.Module:
    """The network as its constructors leave it, on torch's default device.

    Args:
        config: the candidate's ``model``.

    Raises:
        CandidateError: if it cannot be built; names the component that refuses.
        ConfigError: if it is a finished run's, and names what may not be called.
    """
    check_foreign(config, "search_space.model")
    try:
        model = instantiate(config)
    except TargetError as error:
        raise CandidateError(f"the model cannot be built: {_refusal(error)}") from error
    if not isinstance(model, nn.Module):
        raise CandidateError(f"the model is a {type(model).__name__}, not a torch.nn.Module")
    return model


def is_lazy(model: nn.Module) -> bool:
    """Whether a layer still waits for its first input to know its shape."""
    tensors = (*model.parameters(), *model.buffers())
    return any(nn.parameter.is_lazy(tensor) for tensor in tensors)


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _refusal(error: TargetError) -> str:
    """What went wrong in the first place, and in which component."""
    innermost: BaseException = error
    while innermost.__cause__ is not None:
        innermost = innermost.__cause__
    return f"{error.target}: {error.reason or in_one_line(innermost)}"
