"""A search as it went: after each trial, the best, the population and what it has cost so far."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

from nas_hydra.front import Front
from nas_hydra.objective import Objectives
from nas_hydra.trial import Trial

WINDOW = 20
"""Members of a population where the strategy has none, such as random search."""


@dataclass(frozen=True)
class Population:
    """The last complete trials, as many as the strategy's population has members.

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
        seconds: of evaluation so far.
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
    seconds: float
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
        self._seconds = 0.0

    def take(self, trial: Trial) -> bool:
        """Count a trial in; whether it is among the best now."""
        self._last = trial
        self._front.add(trial)
        if trial.complete:
            self._members.append(trial)
        self._duplicates += trial.duplicate_of is not None
        self._failures += trial.state == "failed"
        self._epochs += trial.epochs
        self._seconds += trial.seconds
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
            self._seconds,
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
