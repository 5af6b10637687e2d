"""What every format of an exported network can do, and which layer it is that it cannot."""

import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from nas_hydra.artifact import Artifact
from nas_hydra.dataset import Tree
from nas_hydra.errors import ConfigError, in_one_line
from nas_hydra.network import Network, PreparedNetwork

ROWS = 2
"""How many rows a network is traced with: of one, some exporters take it for a constant."""
EXTRA = "pip install 'nas-hydra[export]'"


Attempt = Callable[..., Any]
"""Exports a module, given its inputs; raises if it cannot."""


@dataclass(frozen=True)
class Trained:
    """What is exported.

    Args:
        artifact: the retrained model.
        network: its network, in evaluation mode; takes inputs as the data has them.
        sample: a few rows of them; of images (``ROWS``, C, H, W), float32 in [0, 1].
        output: what an output of one tensor is called.
        any_length: whether texts and series may have other lengths, if the network takes them.
    """

    artifact: Artifact
    network: Network | PreparedNetwork
    sample: Tree
    output: str
    any_length: bool = True

    @property
    def inputs(self) -> str:
        """What an input of one tensor is called."""
        return "inputs" if self.artifact.image is None else "images"

    def facts(self) -> dict[str, str]:
        """What ``model.json`` says, as texts: JSON for each of its keys."""
        said = self.artifact.description.content
        return {name: json.dumps(value) for name, value in said.items()}


class Format(Protocol):
    """Writes a network to files, and runs what it wrote."""

    @property
    def files(self) -> Sequence[str]:
        """The names of the files."""

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the files.

        Raises:
            ConfigError: if a layer cannot be expressed, naming it, or a library is missing.
        """

    def run(self, trained: Trained, folder: Path, inputs: Tree) -> Tree:
        """The outputs (N, ...) of inputs (N, ...), from the files alone.

        Args:
            trained: what was written; for formats that hold no code.
            folder: that holds the files.
            inputs: as the data has them; images are float32 in [0, 1].
        """


def not_installed(error: ImportError) -> ConfigError:
    """A library that a format needs is not there."""
    return ConfigError("format", f"this one needs a package that is not there ({error}): {EXTRA}")


def layer_in_words(name: str, module: nn.Module) -> str:
    """A layer of an exported network, as it is called in the network that was trained."""
    place = name.partition(".")[2]
    return f"layer '{place}' ({type(module).__name__})" if place else "the network as a whole"


def culprit(network: nn.Module, sample: Tree, attempt: Attempt) -> str:
    """The innermost layer that cannot be exported by itself, in words.

    Args:
        network: cannot be exported.
        sample: a few rows of what it takes.
        attempt: to export it, or a part of it.
    """
    inputs = _inputs_of(network, sample)
    name, module = "", network
    while (inner := _failing_child(name, module, inputs, attempt)) is not None:
        name, module = inner
    return layer_in_words(name, module)


def _failing_child(
    name: str, module: nn.Module, inputs: dict[nn.Module, tuple[Tensor, ...]], attempt: Attempt
) -> tuple[str, nn.Module] | None:
    """The first child that cannot be exported, also in lists of layers; None if all can."""
    for label, child in module.named_children():
        path = f"{name}.{label}" if name else label
        if isinstance(child, nn.ModuleList | nn.ModuleDict):
            found = _failing_child(path, child, inputs, attempt)
            if found is not None:
                return found
        elif child in inputs and _fails(child, inputs[child], attempt):
            return path, child
    return None


def _fails(module: nn.Module, inputs: tuple[Tensor, ...], attempt: Attempt) -> bool:
    try:
        attempt(module, *inputs)
    except Exception:  # noqa: BLE001  the caller has the whole network's own error
        return True
    return False


def first_cause(error: BaseException) -> str:
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


def _inputs_of(network: nn.Module, sample: Tree) -> dict[nn.Module, tuple[Tensor, ...]]:
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
