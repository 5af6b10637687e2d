"""Which layer it is that cannot be exported."""

import io
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.dataset import Tree
from nas_hydra.errors import in_one_line
from nas_hydra.export.layers import in_words

Attempt = Callable[..., Any]
"""Exports a module, given its inputs; raises if it cannot."""


def culprit(network: nn.Module, sample: Tree, attempt: Attempt) -> str:
    """The innermost layer that cannot be exported by itself, in words.

    Args:
        network: cannot be exported.
        sample: a few rows of what it takes.
        attempt: to export it, or a part of it.
    """
    inputs = inputs_of(network, sample)
    name, module = "", network
    while (inner := failing_child(name, module, inputs, attempt)) is not None:
        name, module = inner
    return in_words(name, module)


def failing_child(
    name: str, module: nn.Module, inputs: dict[nn.Module, tuple[Tensor, ...]], attempt: Attempt
) -> tuple[str, nn.Module] | None:
    """The first child that cannot be exported, also in lists of layers; None if all can."""
    for label, child in module.named_children():
        path = f"{name}.{label}" if name else label
        if isinstance(child, nn.ModuleList | nn.ModuleDict):
            found = failing_child(path, child, inputs, attempt)
            if found is not None:
                return found
        elif child in inputs and fails(child, inputs[child], attempt):
            return path, child
    return None


def fails(module: nn.Module, inputs: tuple[Tensor, ...], attempt: Attempt) -> bool:
    """Whether an attempt raises."""
    try:
        attempt(module, *inputs)
    except Exception:  # noqa: BLE001  the caller has the whole network's own error
        return True
    return False


def reason(error: BaseException) -> str:
    """What went wrong in the first place, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return in_one_line(error)


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps back what torch logs, warns and prints; what it raises says enough."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def inputs_of(network: nn.Module, sample: Tree) -> dict[nn.Module, tuple[Tensor, ...]]:
    """What each module is called with, where these are tensors and nothing else."""
    found: dict[nn.Module, tuple[Tensor, ...]] = {}

    def note(module: nn.Module, args: Any, kwargs: Any) -> None:
        if not kwargs and all(isinstance(one, Tensor) for one in args):
            found.setdefault(module, tuple(one.clone() for one in args))

    hooks = [
        module.register_forward_pre_hook(note, with_kwargs=True) for module in network.modules()
    ]
    try:
        with torch.no_grad():
            network(sample)
    finally:
        for hook in hooks:
            hook.remove()
    return found
