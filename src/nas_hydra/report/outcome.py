"""What a search has come to: its best trials and what they share, its failures, its cost."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from nas_hydra.document.text import counted
from nas_hydra.front import Front, by_domination, by_fitness
from nas_hydra.objective import Objective
from nas_hydra.report.trained import Trained
from nas_hydra.run import Run
from nas_hydra.search_space import Categorical, Decision, Gene, Real
from nas_hydra.search_space.gene import Number
from nas_hydra.search_space.gene import shown as in_words
from nas_hydra.search_space.scale import fraction
from nas_hydra.trial import Trial

TENTH = 0.1
"""The share of the trials that are called the best ones."""
ACCURACIES = ("val_acc",)
"""Metrics that are shares of the validation rows, so that these say how exact they are."""


@dataclass(frozen=True)
class Outcome:
    """A search that ended, or was interrupted.

    Args:
        run: what it is.
        genes: what could be decided.
        trials: in ask order; at least one.
        front: the best of these.
        ended: whether it ended by itself.
        seconds: from its beginning to its end; None if it was done in several goes.
        rows: of the validation split; None if nobody knows.
        when: it ended, by the clock of where it ran.
        checkpoints: bytes that they have taken at most; 0 if there were none.
        ended_by: key of the budget that ended it, or ``exhausted``; None if that is not known.
    """

    run: Run
    genes: Sequence[Gene]
    trials: Sequence[Trial]
    front: Front
    ended: bool
    seconds: float | None = None
    rows: int | None = None
    when: datetime = field(default_factory=datetime.now)
    checkpoints: int = 0
    ended_by: str | None = None

    @property
    def objective(self) -> Objective:
        """The first one."""
        return self.run.objectives[0]

    @property
    def several(self) -> bool:
        """Whether there are more of them."""
        return len(self.run.objectives) > 1

    @cached_property
    def ranked(self) -> list[Trial]:
        """The complete trials, each candidate once, the winner first, then the best.

        Where not all trainings are whole ones, those that were trained as far as the winner.
        """
        fresh = [trial for trial in self.trials if self.counts(trial)]
        if not self.several:
            return by_fitness(fresh, self.run.objectives)
        best = self.front.best
        chosen = None if best is None else best.number
        ordered = by_domination(fresh, self.run.objectives)
        return sorted(ordered, key=lambda trial: trial.number != chosen)

    def counts(self, trial: Trial) -> bool:
        """Whether a trial is compared with the winner: a complete one, trained as far as that."""
        alike = not self.run.partial or trial.level == self.front.level
        return trial.complete and trial.duplicate_of is None and alike

    @cached_property
    def trained(self) -> Trained:
        """What was trained."""
        return Trained(self.run, self.trials)

    @property
    def scope(self) -> str:
        """Which trials are compared: `` trained for 9 epochs``; empty if all are."""
        if not self.run.partial:
            return ""
        return f" trained for {counted(self.front.level or self.trained.whole, 'epoch')}"

    @property
    def leaders(self) -> list[Trial]:
        """The front of several objectives, or the best tenth; one at least, if there are any."""
        if self.several:
            front = {trial.number for trial in self.front.members}
            return [trial for trial in self.ranked if trial.number in front]
        return self.ranked[: math.ceil(TENTH * len(self.ranked))]

    @property
    def called(self) -> str:
        """What these are called."""
        return "front" if self.several else "best tenth"

    @property
    def front_groups(self) -> dict[str, list[Trial]]:
        """The candidates on the front of several objectives, those over a limit, and the others."""
        members = {trial.number for trial in self.front.members if self.several}
        groups: dict[str, list[Trial]] = {"over a limit": [], "trial": [], "front": []}
        for trial in self.ranked:
            over = bool(self.run.objectives.violation(trial.metrics))
            front = trial.number in members
            groups["front" if front else "over a limit" if over else "trial"].append(trial)
        return groups

    @property
    def noise(self) -> float | None:
        """Standard error of the difference of two accuracies near the best; None if not known."""
        best, name = self.front.best, self.objective.name
        if best is None or self.several or name not in ACCURACIES or not self.rows:
            return None
        right = min(max(best.values[name], 0.0), 1.0)
        return math.sqrt(2 * right * (1 - right) / self.rows)


class Cost(NamedTuple):
    """What a group of trials has cost.

    Args:
        name: of the group.
        trials: how many.
        epochs: trained.
        seconds: of evaluation.
    """

    name: str
    trials: int
    epochs: int
    seconds: float


class Failure(NamedTuple):
    """Failed trials that failed alike.

    Args:
        kind: what their errors have in common.
        trials: the first first.
    """

    kind: str
    trials: list[Trial]


def costs(trials: Sequence[Trial], group: Callable[[Trial], str]) -> list[Cost]:
    """The cost of each group of trials, the dearest first.

    Args:
        trials: all of them.
        group: the name of a trial's group.
    """
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(group(trial), []).append(trial)
    found = [
        Cost(name, len(of), sum(t.epochs for t in of), sum(t.seconds for t in of))
        for name, of in groups.items()
    ]
    return sorted(found, key=lambda cost: (-cost.seconds, -cost.trials))


def origin_name(trial: Trial) -> str:
    """Where a trial's candidate came from."""
    return trial.proposal.origin


def answer(trial: Trial) -> str:
    """How a trial was answered, in words."""
    if trial.duplicate_of is not None:
        return "known from an earlier trial"
    if trial.source is not None:
        return "known from another run"
    return {"complete": "evaluated", "failed": "failed", "pruned": "pruned"}[trial.state]


def failures(trials: Sequence[Trial]) -> list[Failure]:
    """Failed trials by kind, the most frequent first; duplicates of a failed one do not count."""
    kinds: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.state == "failed" and trial.duplicate_of is None:
            kinds.setdefault(error_kind(trial.error or "no reason was given"), []).append(trial)
    return sorted((Failure(*item) for item in kinds.items()), key=lambda one: -len(one.trials))


def error_kind(error: str) -> str:
    """An error without the numbers that differ from trial to trial."""
    return re.sub(r"[-+]?\d[\d.,]*(e[-+]?\d+)?", "…", error)


MOST_VALUES = 8
"""A number with more values than this is told by the quarter of its (log) range."""
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
INACTIVE = "not active"


class Trait(NamedTuple):
    """A decision and how common it is.

    Args:
        gene: its name.
        decision: as it is shown.
        best: its share among the best trials, 0 to 1.
        all: its share among all.
    """

    gene: str
    decision: str
    best: float
    all: float

    @property
    def difference(self) -> float:
        """By how much the best ones have it more often, -1 to 1."""
        return self.best - self.all


def traits(best: Sequence[Trial], trials: Sequence[Trial], genes: Sequence[Gene]) -> list[Trait]:
    """Every decision that was taken, the one first that tells the best most clearly.

    Args:
        best: at least one.
        trials: the best ones among them.
        genes: of the space.
    """
    found = [trait for gene in genes for trait in _of_gene(gene, best, trials)]
    return sorted(found, key=lambda trait: -trait.difference)


def _of_gene(gene: Gene, best: Sequence[Trial], trials: Sequence[Trial]) -> list[Trait]:
    here, there = (Counter(shown(gene, trial) for trial in group) for group in (best, trials))
    return [
        Trait(gene.name, label, here[label] / len(best), there[label] / len(trials))
        for label in there
        if len(there) > 1
    ]


def shown(gene: Gene, trial: Trial) -> str:
    """A trial's decision in words; of a number with many values, where on its range it is."""
    if gene.name not in trial.proposal.genotype:
        return INACTIVE
    decision: Decision = trial.proposal.genotype[gene.name]
    if isinstance(gene, Categorical) or not many(gene):
        return in_words(decision)
    return QUARTERS[min(int(4 * fraction(gene, decision)), 3)]


def many(gene: Number) -> bool:
    """Whether it is a number with more than ``MOST_VALUES`` values."""
    return (isinstance(gene, Real) and gene.continuous) or len(gene) > MOST_VALUES
