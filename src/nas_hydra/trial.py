"""What a strategy proposes and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from nas_hydra.objective import Direction, Objective, values_of
from nas_hydra.search_space import Genotype

ELAPSED = "budget/elapsed"
"""Fact of a proposal: seconds that its search had taken when it was asked."""
GAIN = "predictor/gain"
"""Fact of a proposal: improvement that a surrogate expects of it, in units of the objective."""

State = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True)
class Thresholds:
    """What a training must have reached after some of its epochs, or it ends there.

    Args:
        metric: that tells.
        direction: which way it is better.
        least: epoch, counted from 1 -> the value that it must not be worse than.
    """

    metric: str
    direction: Direction
    least: Mapping[int, float]

    def end(self, epoch: int, value: float) -> bool:
        """Whether a training ends after an epoch with this value; one that is no number ends it."""
        if epoch not in self.least:
            return False
        sign = 1.0 if self.direction == "maximize" else -1.0
        return not sign * value >= sign * self.least[epoch]


@dataclass(frozen=True)
class Fidelity:
    """How much training a proposal gets, and with what it begins.

    Args:
        epochs: that its network has had when the trial ends, those of the trial that it goes on
            from among them; None is the whole training, as the config says.
        of: epochs that the training is planned for, which schedulers are told; None is as the
            config says.
        continues: number of the trial whose training it goes on with.
        inherits: number of the trial from whose weights it starts.
        thresholds: where it may end before; None is nowhere.
    """

    epochs: int | None = None
    of: int | None = None
    continues: int | None = None
    inherits: int | None = None
    thresholds: Thresholds | None = field(default=None, compare=False)

    @property
    def level(self) -> int:
        """Trials are compared with those of the same level; a higher one tells more."""
        return self.epochs or 0


FULL = Fidelity()
"""One whole training from scratch."""


@dataclass(frozen=True)
class Course:
    """A fidelity with the files that an evaluator needs for it.

    What a trial comes to does not depend on whether the files are there: where the checkpoint to
    go on from is missing, the network is trained from the beginning, which gives the same.

    Args:
        fidelity: how much is to be trained.
        leave: the checkpoint that is left after each epoch; one that is there already was left by
            the same trial before its search was stopped, and is gone on from.
        begin: the checkpoint of the trial that it goes on from; None if it goes on from none.
        parent: the checkpoint of the trial that it inherits from; None if it inherits from none.
        parent_candidate: that trial's closed config, or its decisions.
        before: the fidelity of the trial that it goes on from; None if it goes on from none.
    """

    fidelity: Fidelity
    leave: Path
    begin: Path | None = None
    parent: Path | None = None
    parent_candidate: Mapping[str, Any] | None = None
    before: Fidelity | None = None


@dataclass(frozen=True)
class Evaluation:
    """What an evaluator measured of one candidate.

    Args:
        metrics: name -> value, every objective among them; empty if it failed.
        epochs: how many were trained.
        seconds: what it took where it took place; None if that is here and now.
        error: why it came to nothing, in one line; only of one that took place elsewhere, since
            an evaluator raises its own.
        source: where it took place, if not here.
        curves: metric -> its value after each epoch; empty if nothing was trained.
        stopped: whether it was ended by the thresholds of its proposal.
        inherited: share of the weights that came from the trial it inherits from, 0 to 1; None if
            it inherits from none.
    """

    metrics: Mapping[str, float]
    epochs: int
    seconds: float | None = None
    error: str | None = None
    source: str | None = None
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    stopped: bool = False
    inherited: float | None = None


@dataclass(frozen=True)
class Cost:
    """What a training costs, counted before it.

    Args:
        planned: of all that is to be trained, in the unit of ``strategy.cost``; at least 0.
        epochs: that are planned; 0 where nobody counts them.
    """

    planned: float
    epochs: int = 0

    def of(self, epochs: int) -> float:
        """The cost of so many of its epochs."""
        return self.planned * epochs / self.epochs if self.epochs else self.planned


@dataclass(frozen=True)
class Proposal:
    """A candidate that a strategy wants evaluated.

    Args:
        number: 0, 1, 2, ... in the order of asking.
        genotype: its decisions.
        origin: where it came from: ``random``, ``mutation``, ``crossover``, ``sampler``, ...
        parents: numbers of the trials that it descends from.
        known: what another run measured of it; then it is not evaluated.
        fidelity: how much it is trained.
        cost: of its training; None if it is not counted, or cannot be.
        facts: what the strategy says about itself at the time, for trackers, such as
            ``predictor/correlation``.
    """

    number: int
    genotype: Genotype
    origin: str
    parents: tuple[int, ...] = ()
    known: Evaluation | None = None
    fidelity: Fidelity = FULL
    cost: Cost | None = field(default=None, compare=False)
    facts: Mapping[str, float] = field(default_factory=dict, compare=False)

    def with_facts(self, more: Mapping[str, float]) -> "Proposal":
        """The same with further facts."""
        return replace(self, facts={**self.facts, **more})


@dataclass(frozen=True)
class Trial:
    """A proposal with its outcome.

    Args:
        proposal: what was asked for.
        state: ``complete`` if there are values for every objective, ``pruned`` if its training was
            ended by its thresholds.
        values: the objectives' values; empty unless complete.
        metrics: everything that the evaluator measured.
        epochs: how many were trained for this trial, without those of the one it goes on from.
        seconds: wall time of the evaluation, also if it took place in another run.
        error: why it failed, in one line; None unless failed.
        duplicate_of: number of the earlier trial that answered this one without an evaluation.
        source: the evaluation of another run that answered this one; None if it is the run's own.
        curves: metric -> its value after each epoch; empty if nothing was trained for this trial.
        weights: SHA-256 of the file of its trained weights; None if there is none, or if it is
            not known.
        inherited: share of the weights that came from the trial it inherits from, 0 to 1; None if
            it inherits from none.
    """

    proposal: Proposal
    state: State
    values: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    error: str | None = None
    duplicate_of: int | None = None
    source: str | None = None
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    weights: str | None = None
    inherited: float | None = None

    @property
    def number(self) -> int:
        """The proposal's number."""
        return self.proposal.number

    @property
    def key(self) -> str:
        """The genotype's key."""
        return self.proposal.genotype.key

    @property
    def level(self) -> int:
        """As of its fidelity."""
        return self.proposal.fidelity.level

    @property
    def cost(self) -> float | None:
        """What its training has cost, in the unit of ``strategy.cost``; None if that is not known.

        A training that was ended has cost its share, a duplicate nothing, and a failed one counts
        as it was planned.
        """
        planned = self.proposal.cost
        if planned is None or self.duplicate_of is not None:
            return None if planned is None else 0.0
        return planned.of(self.epochs) if self.state == "pruned" else planned.planned

    @property
    def complete(self) -> bool:
        """Whether there is a value for every objective."""
        return self.state == "complete"


def measured(
    proposal: Proposal, evaluation: Evaluation, objectives: Sequence[Objective], seconds: float
) -> Trial:
    """The trial that an evaluation makes of a proposal.

    Args:
        proposal: what was asked for.
        evaluation: complete if every objective is a finite number in it.
        objectives: which of the metrics are the trial's values.
        seconds: what it took, if the evaluation does not say.
    """
    error = evaluation.error
    values = values_of(objectives, evaluation.metrics) if error is None else {}
    if values is None:
        values, error = {}, "an objective is not a finite number"
    stopped = evaluation.stopped and not error
    return Trial(
        proposal,
        "failed" if error else "pruned" if stopped else "complete",
        {} if stopped else values,
        evaluation.metrics,
        evaluation.epochs,
        seconds if evaluation.seconds is None else evaluation.seconds,
        error,
        source=evaluation.source,
        curves=evaluation.curves,
        inherited=evaluation.inherited,
    )


def duplicate(proposal: Proposal, earlier: Trial) -> Trial:
    """The trial of a candidate whose key is known: the earlier outcome at no cost."""
    first = earlier.number if earlier.duplicate_of is None else earlier.duplicate_of
    return Trial(
        proposal, earlier.state, earlier.values, earlier.metrics, 0, 0.0, earlier.error, first
    )
