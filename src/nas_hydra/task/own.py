"""A LightningModule of the user's own, which says itself what it is trained for."""

from collections.abc import Mapping
from typing import Any, NoReturn

from torch import nn

from nas_hydra.dataset import Tree
from nas_hydra.errors import CandidateError
from nas_hydra.lightning import MODULE, class_of, package_of
from nas_hydra.objective import Direction
from nas_hydra.task.base import Task


class Own(Task):
    """The candidate is a LightningModule, and is trained as it would be without us.

    Its loss, optimizer, scheduler, hooks and callbacks are its own, and its metrics are what it
    logs, which a dry run tells: ``evaluator=own`` trains it.
    """

    @property
    def directions(self) -> Mapping[str, Direction]:
        """None is known before a module was tried."""
        return {}

    def loss(self, output: Tree, target: Tree, reduction: Any = "mean") -> NoReturn:
        """Nobody's but the module's."""
        raise CandidateError("the loss of task=own is that of its LightningModule")


def check_module(model: nn.Module) -> str:
    """Make sure that a candidate is a LightningModule that can be trained.

    Returns:
        The package that it is of, see ``nas_hydra.lightning``.

    Raises:
        CandidateError: if it is none, or has no ``training_step``.
    """
    kind = type(model)
    package = package_of(kind, MODULE)
    if package is None:
        problem = f"the model is a {kind.__name__}, and no {MODULE}, which task=own trains"
        raise CandidateError(f"{problem}; say task=classification to have a network trained")
    for name in ("training_step", "configure_optimizers"):
        if not says(kind, name):
            raise CandidateError(f"the {MODULE} {kind.__name__} has no {name}")
    return package


def says(kind: type, name: str) -> bool:
    """Whether a class of LightningModules has a method of its own of this name."""
    package = package_of(kind, MODULE)
    return package is not None and getattr(kind, name) is not getattr(
        class_of(package, MODULE), name
    )
