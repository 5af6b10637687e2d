"""How a search went: the best, the population and the cost after each trial; and descent."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

from nas_hydra.front import Front
from nas_hydra.objective import Objectives
from nas_hydra.report.trained import epochs_had
from nas_hydra.search_space import Decision
from nas_hydra.trial import Trial

WINDOW = 20
"""Members of a population where the strategy has none, such as random search."""


@dataclass(frozen=True)
class Population:
    """The last complete trials, as many as the strategy's population has members.

    Of trials that differ in how far they were trained, those that were trained farthest.

    Args:
        mean: of the first objective.
        spread: its standard deviation.
        diversity: how probable it is that two members differ in a decision, 0 to 1.
    """

    mean: float
    spread: float
    diversity: float


@dataclass(frozen=True)
class Moment:
    """A search after one of its trials.

    Args:
        trial: that was told last.
        best: the incumbent, or the winner of the front; None while nothing is complete.
        population: None while nothing is complete.
        duplicates: trials that an earlier one answered.
        failures: failed trials.
        epochs: trained so far.
        fidelity: epochs that the network of the trial has had.
        seconds: of evaluation so far.
        cost: so far, in the unit of ``strategy.cost``; 0 where it is not counted.
        front: how many trials no other beats.
        hypervolume: what these dominate, from the worst values so far on unless the objectives
            say from where.
    """

    trial: Trial
    best: Trial | None
    population: Population | None
    duplicates: int
    failures: int
    epochs: int
    fidelity: int
    seconds: float
    cost: float
    front: int
    hypervolume: float


class History:
    """Follows a search; ``take`` is cheap, ``moment`` does the arithmetic.

    Args:
        objectives: and limits.
        window: how many of the last complete trials are the population.
    """

    def __init__(self, objectives: Objectives, window: int) -> None:
        self._objective = objectives[0]
        self._front = Front(objectives)
        self._members: deque[Trial] = deque(maxlen=window)
        self._duplicates = self._failures = self._epochs = 0
        self._seconds = self._cost = 0.0
        self._had: dict[int, int] = {}

    def take(self, trial: Trial) -> bool:
        """Count a trial in; whether it is among the best now."""
        level = self._front.level
        self._last = trial
        self._had[trial.number] = epochs_had(trial, self._had)
        self._front.add(trial)
        if self._front.level > level:
            self._members.clear()
        if trial.complete and trial.level == self._front.level:
            self._members.append(trial)
        self._duplicates += trial.duplicate_of is not None
        self._failures += trial.state == "failed"
        self._epochs += trial.epochs
        self._seconds += trial.seconds
        self._cost += trial.cost or 0.0
        return any(member is trial for member in self._front.members)

    @property
    def best(self) -> Trial | None:
        """The incumbent, or the winner of the front; None while nothing is complete."""
        return self._front.best

    @property
    def moment(self) -> Moment:
        """The search after the last trial; there has to be one."""
        return Moment(
            self._last,
            self.best,
            population(self._members, self._objective.name) if self._members else None,
            self._duplicates,
            self._failures,
            self._epochs,
            self._had[self._last.number],
            self._seconds,
            self._cost,
            len(self._front.members),
            self._front.hypervolume,
        )


def window(config: Mapping[str, Any]) -> int:
    """How many trials a strategy's population has."""
    size = config.get("strategy", {}).get("population_size")
    return size if isinstance(size, int) else WINDOW


def population(members: Sequence[Trial], objective: str) -> Population:
    """What complete trials have in common.

    Args:
        members: at least one.
        objective: whose values count.
    """
    values = [member.values[objective] for member in members]
    return Population(fmean(values), pstdev(values), diversity(members))


def diversity(members: Sequence[Trial]) -> float:
    """How probable it is that two members differ in a decision, 0 to 1.

    The mean over all genes that are active in a member; to be inactive is a decision of its own.
    0.0 if there is only one member, or nothing to decide.
    """
    genotypes = [member.proposal.genotype for member in members]
    genes = {name for genotype in genotypes for name in genotype}
    pairs = len(members) * (len(members) - 1)
    if not genes or not pairs:
        return 0.0
    return fmean(
        1 - sum(n * (n - 1) for n in Counter(g.get(name) for g in genotypes).values()) / pairs
        for name in genes
    )


Change = tuple[Decision | None, Decision | None]
"""A gene's decision before and after; None where it is inactive."""


@dataclass(frozen=True)
class Step:
    """One trial of a line of descent.

    Args:
        trial: the trial.
        parent: the trial before it in the line; None for the first ancestor.
        changes: gene -> its decision in the parent and in the trial, where they differ.
        gains: objective -> the trial's value minus the parent's, in the objective's units; empty
            where one of them has no values, or they were not trained as far.
    """

    trial: Trial
    parent: Trial | None
    changes: Mapping[str, Change]
    gains: Mapping[str, float]


def lineage(best: Trial, trials: Sequence[Trial]) -> list[Step]:
    """The line from the first ancestor to a trial.

    Of several parents, the line follows the one that the child takes most decisions from; of
    equals, the first.

    Args:
        best: where the line ends.
        trials: its ancestors among them.
    """
    known = {trial.number: trial for trial in trials}
    line = [best]
    while parents := [known[number] for number in line[-1].proposal.parents if number in known]:
        line.append(min(parents, key=lambda parent: len(changes(parent, line[-1]))))
    line.reverse()
    return [step(parent, trial) for parent, trial in zip([None, *line], line, strict=False)]


def step(parent: Trial | None, trial: Trial) -> Step:
    """What a trial changed and gained."""
    if parent is None:
        return Step(trial, None, {}, {})
    gains = {
        name: value - parent.values[name]
        for name, value in trial.values.items()
        if name in parent.values and trial.level == parent.level
    }
    return Step(trial, parent, changes(parent, trial), gains)


def changes(parent: Trial, child: Trial) -> dict[str, Change]:
    """Gene -> its decision before and after, where they differ."""
    before, after = parent.proposal.genotype, child.proposal.genotype
    return {
        name: (before.get(name), after.get(name))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    }
