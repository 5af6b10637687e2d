"""What a strategy proposes and what comes back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nas_hydra.objective import Objective, values_of
from nas_hydra.search_space import Genotype

State = Literal["complete", "pruned", "failed"]


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
    """

    metrics: Mapping[str, float]
    epochs: int
    seconds: float | None = None
    error: str | None = None
    source: str | None = None
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """A candidate that a strategy wants evaluated.

    Args:
        number: 0, 1, 2, ... in the order of asking.
        genotype: its decisions.
        origin: where it came from: ``random``, ``mutation``, ``crossover``, ``sampler``, ...
        parents: numbers of the trials that it descends from.
        known: what another run measured of it; then it is not evaluated.
        facts: what the strategy says about itself at the time, for trackers, such as
            ``predictor/correlation``.
    """

    number: int
    genotype: Genotype
    origin: str
    parents: tuple[int, ...] = ()
    known: Evaluation | None = None
    facts: Mapping[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Trial:
    """A proposal with its outcome.

    Args:
        proposal: what was asked for.
        state: ``complete`` if there are values for every objective.
        values: the objectives' values; empty unless complete.
        metrics: everything that the evaluator measured.
        epochs: how many were trained.
        seconds: wall time of the evaluation, also if it took place in another run.
        error: why it failed, in one line; None unless failed.
        duplicate_of: number of the earlier trial that answered this one without an evaluation.
        source: the evaluation of another run that answered this one; None if it is the run's own.
        curves: metric -> its value after each epoch; empty if nothing was trained for this trial.
        weights: SHA-256 of the file of its trained weights; None if there is none, or if it is
            not known.
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

    @property
    def number(self) -> int:
        """The proposal's number."""
        return self.proposal.number

    @property
    def key(self) -> str:
        """The genotype's key."""
        return self.proposal.genotype.key

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
    return Trial(
        proposal,
        "failed" if error else "complete",
        values,
        evaluation.metrics,
        evaluation.epochs,
        seconds if evaluation.seconds is None else evaluation.seconds,
        error,
        source=evaluation.source,
        curves=evaluation.curves,
    )


def duplicate(proposal: Proposal, earlier: Trial) -> Trial:
    """The trial of a candidate whose key is known: the earlier outcome at no cost."""
    first = earlier.number if earlier.duplicate_of is None else earlier.duplicate_of
    return Trial(
        proposal, earlier.state, earlier.values, earlier.metrics, 0, 0.0, earlier.error, first
    )
