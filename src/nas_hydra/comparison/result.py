"""What a comparison finds; ``comparison.json`` is this, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Axis = Literal["trials", "epochs", "seconds", "cost"]
"""What a curve runs over: finished trials, epochs trained, seconds of evaluation, costs as
``strategy.cost`` counts them."""


class Interval(NamedTuple):
    """An estimate and the ends of its 95 % interval."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Curve:
    """The best value so far of a group of runs.

    Args:
        points: of the axis, rising.
        values: interquartile mean over the runs at each point, with its bootstrap interval.
    """

    points: Sequence[float]
    values: Sequence[Interval]


@dataclass(frozen=True)
class RunFacts:
    """One run.

    Args:
        folder: as it was given or found.
        task: what was searched, ``space on dataset``.
        group: the label of its group.
        seed: of the search.
        trials: finished ones.
        budget: how many it was allowed.
        value: the best in the end, in the units of the objective.
        best: number of the trial that gave it.
        reached: what was spent until the target was reached, on the axis; None if it was not.
        epochs: trained in all.
        seconds: of evaluation in all.
        failed: trials.
        wandb: path of its W&B run, ``entity/project/id``; None if it has none.
        fidelity: epochs for which those candidates were trained that count: of trials that differ
            in it, the ones that were trained farthest; 0 if that is not known.
        cost: of all trials, in the unit of ``strategy.cost``; None where it is not counted.
    """

    folder: str
    task: str
    group: str
    seed: int
    trials: int
    budget: int
    value: float
    best: int
    reached: float | None
    epochs: int
    seconds: float
    failed: int
    wandb: str | None
    fidelity: int = 0
    cost: float | None = None

    @property
    def finished(self) -> bool:
        """Whether it has spent its budget."""
        return self.trials >= self.budget


@dataclass(frozen=True)
class GroupResult:
    """The runs of one group on one task.

    Args:
        group: its label, such as ``evolution`` or ``population_size=20``.
        runs: how many.
        unfinished: how many of these have not spent their budget.
        final: the best value in the end, interquartile mean over the runs.
        reached: share of the runs that reached the target.
        evaluations: median of what was spent until the target, on the axis; None if half of the
            runs or more did not reach it.
        curves: by axis; seconds and epochs are missing where nothing was trained.
    """

    group: str
    runs: int
    unfinished: int
    final: Interval
    reached: float
    evaluations: float | None
    curves: Mapping[Axis, Curve]


@dataclass(frozen=True)
class Test:
    """Two groups on one task.

    Args:
        one: label of the group that is better, if any is.
        other: label of the other.
        name: of the test: ``Wilcoxon signed-rank`` where seeds pair, ``Mann-Whitney U`` else.
        measure: what is compared: ``final value`` or ``trials to target``, or
            what else the axis is.
        p: two-sided.
        corrected: after Holm, over all tests of the task and measure.
        effect: A12 (Vargha and Delaney 2000): probability that a run of ``one`` beats one of
            ``other``, ties by half.
        pairs: seeds that pair; or the smaller group's number of runs.
        needed: runs per group with which an effect of this size would be told apart 4 times in 5;
            None where it is told apart already, or where no effect is seen.
    """

    one: str
    other: str
    name: str
    measure: str
    p: float
    corrected: float
    effect: float
    pairs: int
    needed: int | None


@dataclass(frozen=True)
class TaskResult:
    """All groups on one task.

    Args:
        task: ``space on dataset``.
        target: the value whose first reaching is counted.
        groups: the best first.
        tests: of every pair of groups.
        sentences: what may be quoted, with p and the number of seeds.
    """

    task: str
    target: float
    groups: Sequence[GroupResult]
    tests: Sequence[Test]
    sentences: Sequence[str]


@dataclass(frozen=True)
class Ranking:
    """Ranks over tasks (Demsar 2006).

    Args:
        ranks: label -> mean rank over the tasks, 1 is best; rising.
        difference: mean ranks that differ by less are not told apart (Nemenyi, 5 %).
        p: of Friedman's test.
        tasks: how many.
    """

    ranks: Mapping[str, float]
    difference: float
    p: float
    tasks: int


@dataclass(frozen=True)
class Comparison:
    """Groups of runs side by side.

    Args:
        by: the settings that make the groups, such as ``strategy``.
        objective: what is compared: an objective's name, or ``hypervolume`` if there are several.
        direction: ``maximize`` or ``minimize``.
        groups: label -> the settings behind it.
        tasks: each with its groups.
        ranking: None unless there are several tasks with all groups in common.
        runs: every run that was read.
        notes: what a reader should know: unfinished runs, single seeds, what was left out.
        command: to make this anew.
        axis: what is spent: final values are those after as much of it.
    """

    by: Sequence[str]
    objective: str
    direction: Literal["maximize", "minimize"]
    groups: Mapping[str, Mapping[str, Any]]
    tasks: Sequence[TaskResult]
    ranking: Ranking | None
    runs: Sequence[RunFacts]
    notes: Sequence[str]
    command: str
    axis: Axis = "trials"
