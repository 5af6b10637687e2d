"""A LightningModule of the user's own, which says itself what it is trained for."""

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from torch import Tensor, nn
from torch.utils import _pytree as pytree
from torch.utils.data import DataLoader

from nas_hydra.dataset import Tree
from nas_hydra.errors import CandidateError
from nas_hydra.lightning import MODULE, TRAINER, class_of, package_of
from nas_hydra.objective import Direction
from nas_hydra.task.base import Task
from nas_hydra.task.report import Report

QUIET = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
"""What a trainer that only tests leaves out."""


class Own(Task):
    """The candidate is a LightningModule, and is trained as it would be without us.

    Its loss, optimizer, scheduler, hooks and callbacks are its own, and its metrics are what it
    logs, which a dry run tells: ``evaluator=own`` trains it.
    """

    def __init__(self) -> None:
        """Which weights are kept, and when a training ends, the module says itself."""

    @property
    def directions(self) -> Mapping[str, Direction]:
        """None is known before a module was tried."""
        return {}

    def loss(self, output: Tree, target: Tree, reduction: Any = "mean") -> NoReturn:
        """Nobody's but the module's."""
        raise CandidateError("the loss of task=own is that of its LightningModule")

    def title(self, params: str) -> str:
        """See ``Task``."""
        return f"A LightningModule with {params} parameters, trained as it says itself"

    def tested(self, network: nn.Module, batches: Iterable[Any]) -> Report:
        """What the module logs in a test of its own."""
        held = list(batches)
        trainer = class_of(check_module(network), TRAINER)(
            accelerator="cpu", devices=1, **dict.fromkeys(QUIET, False)
        )
        loader: DataLoader[Any] = DataLoader(
            held,  # type: ignore[arg-type]  # it takes whatever can be indexed
            batch_size=None,
            collate_fn=lambda batch: batch,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Lightning's advice on loaders
            found = trainer.test(network, dataloaders=loader, verbose=False)
        figures = {name: float(value) for part in found for name, value in part.items()}
        return Report(figures, sum(map(_rows_of, held)))


def _rows_of(batch: Any) -> int:
    """How many rows a batch of anybody's has, as its first tensor tells."""
    tensors = (one for one in pytree.tree_leaves(batch) if isinstance(one, Tensor) and one.ndim)
    return len(next(tensors, ()))


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
