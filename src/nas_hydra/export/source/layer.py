"""Layers of ``torch.nn`` as the calls that make them."""

from collections.abc import Iterator
from inspect import Parameter, signature
from typing import Any

from torch import nn
from torch.nn.modules.conv import _ConvNd

from nas_hydra.export.source.layout import Group, Value
from nas_hydra.export.source.literal import literal_or_tuple

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
NO_ARGUMENTS = {"device", "dtype", "mode"}
"""Where a layer is made, and what the class says already."""
SAME = {"stride": "kernel_size", "kdim": "embed_dim", "vdim": "embed_dim"}
"""Argument -> the other one whose value it has if it is not given."""


def kind(module: nn.Module) -> type[nn.Module] | None:
    """The class of ``torch.nn`` that does what a module does; None if its code is its own.

    A subclass that only makes its layers in a way of its own is what it inherits from.
    """
    for owner in type(module).__mro__:
        if getattr(nn, owner.__name__, None) is owner and owner is not nn.Module:
            same = type(module).forward is owner.forward
            return owner if same and _known(module, owner) else None
    return None


def _known(module: nn.Module, owner: type[nn.Module]) -> bool:
    """Whether the layer still has the arguments that it was made of."""
    if issubclass(owner, CONTAINERS):
        return True
    return all(
        hasattr(module, name) or parameter.default is not Parameter.empty
        for name, parameter in _parameters(owner)
    )


def constructor(module: nn.Module, owner: type[nn.Module]) -> Group:
    """The call that makes such a layer; its weights are left to the state dict.

    Raises:
        UnwritableError: if an argument has no notation.
    """
    return Group(f"nn.{owner.__name__}(", tuple(_arguments(module, owner)))


def _parameters(owner: type[nn.Module]) -> Iterator[tuple[str, Parameter]]:
    open_to_all = nn.RNNBase if issubclass(owner, nn.RNNBase) else owner  # they hide theirs
    for name, parameter in signature(open_to_all).parameters.items():
        listed = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        if not listed and name not in NO_ARGUMENTS and not name.startswith("_"):
            yield name, parameter


def _arguments(module: nn.Module, owner: type[nn.Module]) -> Iterator[Value]:
    for name, parameter in _parameters(owner):
        value = _argument(module, name, parameter.default)
        if parameter.default is Parameter.empty:
            yield Value(name, value)
        elif value != parameter.default:
            literal_or_tuple(value)
            yield Value(name, value, keyword=True)


def _argument(module: nn.Module, name: str, default: Any) -> Any:
    """What a layer was given; what it does not remember only fills its weights."""
    if name == "bias":
        held = getattr(module, "in_proj_bias", getattr(module, "bias", None))
        return held if isinstance(held, bool) else held is not None
    if name == "add_bias_kv":
        return getattr(module, "bias_k", None) is not None
    value = getattr(module, name, default)
    if default is None and name in SAME and value == getattr(module, SAME[name], None):
        return None
    if isinstance(value, tuple) and len(set(value)) == 1:
        one = isinstance(module, nn.LayerNorm) and len(value) == 1
        return value[0] if one or isinstance(module, _ConvNd) else value
    return value
