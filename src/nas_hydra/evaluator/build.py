"""From a candidate's config to a network that takes the data."""

import re
from collections.abc import Mapping
from functools import cache
from inspect import isclass
from pkgutil import resolve_name
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from torch import nn

from nas_hydra.dataset import Example
from nas_hydra.errors import CandidateError, in_one_line
from nas_hydra.evaluator.probe import probe
from nas_hydra.foreign import check_foreign
from nas_hydra.task import Task

STEERING = {"_partial_", "_recursive_", "_convert_"}
"""Keys that have Hydra's ``instantiate`` do something else than call a target."""


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
        model = constructed(config)
    except InstantiationException as error:
        raise CandidateError(f"the model cannot be built: {_refusal(error)}") from error
    if not isinstance(model, nn.Module):
        raise CandidateError(f"the model is a {type(model).__name__}, not a torch.nn.Module")
    return model


def constructed(config: Any) -> Any:
    """What Hydra's ``instantiate`` makes of a closed config.

    It takes longer than many a network's constructors: a network's layers are called here, and
    what else there is in a config is left to it.

    Raises:
        InstantiationException: as by Hydra, from what the component raises.
    """
    if isinstance(config, list):
        return [constructed(part) for part in config]
    if not isinstance(config, Mapping):
        return config
    layer = layer_of(config.get("_target_"))
    if ("_target_" in config and layer is None) or not STEERING.isdisjoint(config):
        return instantiate(config, _convert_="all")
    named = {name: constructed(part) for name, part in config.items() if name != "_target_"}
    if layer is None:
        return named
    listed = named.pop("_args_", [])
    try:
        return layer(*listed, **named)
    except Exception as error:  # any module may raise anything on arguments that it does not like
        refused = f"Error in call to target '{name_of(layer)}':\n{in_one_line(error)}"
        raise InstantiationException(refused) from error


@cache
def layer_of(target: Any) -> type[nn.Module] | None:
    """The class that a ``_target_`` names, if that is one of torch modules."""
    try:
        found = resolve_name(target)
    except Exception:  # noqa: BLE001  Hydra will say what is wrong with it
        return None
    return found if isclass(found) and issubclass(found, nn.Module) else None


def name_of(layer: type[nn.Module]) -> str:
    """Where a class is defined."""
    return f"{layer.__module__}.{layer.__qualname__}"


def is_lazy(model: nn.Module) -> bool:
    """Whether a layer still waits for its first input to know its shape."""
    tensors = (*model.parameters(), *model.buffers())
    return any(nn.parameter.is_lazy(tensor) for tensor in tensors)


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _refusal(error: InstantiationException) -> str:
    """What went wrong in the first place, and in which component."""
    target = re.search(r"target '(.+)'", str(error))
    innermost: BaseException = error
    while innermost.__cause__ is not None:
        innermost = innermost.__cause__
    return (f"{target[1]}: " if target else "") + in_one_line(innermost)
