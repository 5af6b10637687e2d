"""What every task can do: a loss, scores, and what a network must give for it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, Self, get_args

import torch
from torch import Tensor, nn

from nas_hydra.dataset import Data, Example, Tree
from nas_hydra.dataset.tree import form_of, joined, number_of_rows
from nas_hydra.errors import CandidateError, ConfigError, in_one_line
from nas_hydra.objective import Direction
from nas_hydra.task.report import Report

Reduction = Literal["mean", "sum"]
Keep = Literal["last", "best"]


class Stepping(Protocol):
    """Makes the learning-rate scheduler of a training; see ``nas_hydra.evaluator.schedule``."""

    interval: str
    every: int

    @property
    def monitor(self) -> str | None:
        """The metric that the scheduler is told."""

    def __call__(self, optimizer: torch.optim.Optimizer, trainer: Any) -> dict[str, Any]:
        """The scheduler as Lightning takes it."""


class Recipe(NamedTuple):
    """How a network is trained, as the config says it.

    Args:
        optimizer: parameters to optimizer.
        schedule: makes the learning-rate scheduler; None for none.
        augment: changes a training batch.
        ready: lays a network out for its device, and compiles it if that is wanted.
    """

    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]
    schedule: Stepping | None
    augment: Callable[[Any, Any], tuple[Any, Any]]
    ready: Callable[[nn.Module], nn.Module]


class Task(ABC):
    """What a network is trained for.

    A task of one's own says its ``loss`` and, if there is more to measure, its ``scores``; all
    else has a meaning that fits most. Outputs and targets are trees, see ``nas_hydra.dataset``.

    Args:
        keep: which weights a training ends with: its ``last`` ones, or those of the ``best``
            validation, see ``monitor``.
        patience: epochs without a better validation, likewise, after which it ends; None: never.
        average: decay of the exponential moving average of the weights, by which these are
            replaced (Polyak and Juditsky 1992), such as 0.99 for each step; None: no average.

    Raises:
        ConfigError: if one of these is none.
    """

    scores: Mapping[str, Direction] = {}
    """What is measured beside the loss, and which way it is better: ``{"acc": "maximize"}``."""

    percent: Sequence[str] = ()
    """Those of the scores that are shares, and are shown in per cent."""

    output: ClassVar[str] = "output"
    """What an output of one tensor is called where it is exported."""

    takes: ClassVar[str | None] = None
    """The kind of target, where a dataset can give several: ``class``, ``number``, ``labels``."""

    keep: Keep = "last"
    patience: int | None = None
    average: float | None = None

    def __init__(
        self, *, keep: Keep = "last", patience: int | None = None, average: float | None = None
    ) -> None:
        if keep not in get_args(Keep):
            raise ConfigError("task.keep", f"is {keep!r}; allowed: {', '.join(get_args(Keep))}")
        if patience is not None and patience < 1:
            raise ConfigError("task.patience", f"is {patience}; allowed: 1 or more epochs, or null")
        if average is not None and not 0 < average < 1:
            raise ConfigError(
                "task.average", f"is {average}; allowed: above 0 and below 1, or null"
            )
        self.keep, self.patience, self.average = keep, patience, average

    @classmethod
    def found(cls, given: Mapping[str, Any], dataset: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the data says of settings that are left open, such as how many outputs there are.

        Args:
            given: all settings of the task, as plain values; None is open.
            dataset: all of the dataset, with what it found itself, see ``Dataset.found``.

        Returns:
            Values by name, for those of them that the data tells.

        Raises:
            ConfigError: if the data is none for this task.
        """
        return {}

    @property
    def directions(self) -> Mapping[str, Direction]:
        """Every metric of a search, ``val_acc`` for ``acc``, and which way it is better."""
        scores = {f"val_{name}": direction for name, direction in self.scores.items()}
        return {**scores, "val_loss": "minimize", "train_loss": "minimize"}

    @property
    def monitor(self) -> str:
        """The metric that tells the best validation: the first of the scores, or else the loss."""
        return next((f"val_{name}" for name in self.scores), "val_loss")

    def bound(self, data: Data) -> Self:
        """The same task, which knows what it needs of the data.

        Raises:
            ConfigError: if the data is none for this task.
        """
        return self

    @abstractmethod
    def loss(self, output: Tree, target: Tree, reduction: Reduction = "mean") -> Tensor:
        """The loss of a batch, ().

        Args:
            output: of the network.
            target: of the batch.
            reduction: over the rows of the batch.
        """

    def validation_loss(self, output: Tree, target: Tree) -> Tensor:
        """The sum over rows that ``val_loss`` is the mean of, ().

        A task whose loss has settings leaves those out here by which candidates may differ: a
        smaller weight is no better network.
        """
        return self.loss(output, target, reduction="sum")

    def wanted(self, inputs: Tree, target: Tree) -> Tree:
        """What is to be told of a batch: its target, unless the task makes one of the inputs."""
        return target

    def check(self, output: Tree, target: Tree) -> None:
        """Make sure that a network's output is one for this task.

        Args:
            output: for a few rows; on the meta device it has shapes, and no values.
            target: of these rows, on the same device.

        Raises:
            CandidateError: if it is not; says what it is, and what is needed.
        """
        try:
            loss = self.loss(output, target)
        except Exception as error:  # the loss is the user's own, and the network may give anything
            given = f"the model gives {form_of(output)} for targets of {form_of(target)}"
            problem = f"{type(self).__name__} cannot take: {in_one_line(error)}"
            raise CandidateError(f"{given}, which the task {problem}") from error
        if not isinstance(loss, Tensor) or loss.shape != ():
            given = form_of(loss) if isinstance(loss, Tensor) else repr(loss)
            problem = (
                f"the loss of the task {type(self).__name__} is {given}; it must be one number"
            )
            raise CandidateError(f"{problem}, a tensor of shape ()")

    def unfit(self, target: Tree, rows: int) -> str:
        """Why the targets of an augmented batch are none; empty if they are.

        Args:
            target: as the augmentation gives it.
            rows: of the batch.
        """
        return ""

    def kept(self, output: Tree) -> Tree:
        """What of a batch's output is kept until the end of a validation, for the scores."""
        return output

    def gathered(self, output: Tree, target: Tree) -> tuple[Tree, Tree]:
        """What of a batch's output and of its target is kept until then, for the scores.

        A task whose outputs are too large to keep makes numbers of both here, (n, ...).
        """
        return self.kept(output), target

    def score(self, kept: Tree, target: Tree) -> Mapping[str, Tensor]:
        """Every one of ``scores``, of all rows of a validation together.

        Args:
            kept: what was kept of the outputs, all batches in one.
            target: likewise.
        """
        return {}

    def outlook(self, data: Data) -> Iterator[str]:
        """What is to be known of the metrics before a search: how fine they are, and a guess.

        Yields:
            Lines for the log.
        """
        yield from ()

    def tested(self, network: nn.Module, batches: Iterable[tuple[Tree, Tree]]) -> Report:
        """What a trained network gives on test rows.

        Args:
            network: inputs to outputs, in evaluation mode.
            batches: of all test rows, on its device.
        """
        kept, targets = [], []
        with torch.inference_mode():
            for inputs, target in batches:
                found = self.gathered(network(inputs), self.wanted(inputs, target))
                kept.append(found[0])
                targets.append(found[1])
            return self.report(joined(kept), joined(targets))

    def report(self, kept: Tree, target: Tree) -> Report:
        """Figures of all test rows together: the scores, or the loss if there are none.

        Args:
            kept: what was kept of the outputs, see ``kept``.
            target: likewise.
        """
        found = self.score(kept, target) if self.scores else {"loss": self.loss(kept, target)}
        figures = {f"test_{name}": float(value) for name, value in found.items()}
        return Report(figures, number_of_rows(target))

    def answer(self, output: Tree) -> Tree:
        """What a prediction says of its rows, (n, ...)."""
        return output

    def title(self, params: str) -> str:
        """What a model card begins with.

        Args:
            params: how many parameters the network has.
        """
        return f"A network with {params} parameters, trained for the task {type(self).__name__}"

    def facts(self, data: Data) -> Mapping[str, Any]:
        """What ``model.json`` says of the task: ``classes``, if it has any, and ``task``.

        Under ``task`` stands whatever else it takes to answer without the data, JSON-like.
        """
        return {}

    def restored(self, facts: Mapping[str, Any]) -> Self:
        """The same task without data, by what ``facts`` said: it can ``answer``."""
        return self

    def last_layer(self) -> nn.Module:
        """What comes after a network wherever it is exported: outputs to those that people use.

        It has no parameters that are trained.
        """
        return nn.Identity()

    def output_of(self, numbers: Tensor) -> Tree:
        """The output that says such numbers, where they are what is told: ``last_layer`` undone.

        Args:
            numbers: (N, targets), in the target's own units.
        """
        return numbers

    def baselines(self, example: Example) -> Sequence[str]:
        """Names of known networks that a winner can be compared with; none if empty."""
        return ()

    def baseline(self, name: str, example: Example) -> dict[str, Any]:
        """The config of a known network for such rows.

        Raises:
            ConfigError: if there is no such network, or it does not take the inputs.
        """
        problem = f"is '{name}', and for this task and data no network is known to compare with"
        raise ConfigError("baseline", f"{problem}; say baseline=none")
