"""The best of the trials told so far: one, or a Pareto front; and trials in their order."""

from collections.abc import Iterable, Sequence

import numpy

from nas_hydra.objective import TIE_BREAKERS, Objectives
from nas_hydra.objective.pareto import Fitness, crowding, dominates, hypervolume, knee, ranks
from nas_hydra.trial import Trial

KNEE = "knee"


class Front:
    """The trials that no other one beats, whatever the order in which they are told.

    Of those with equal objectives one is a member: see ``Objectives.tie_key``, then the oldest.

    Trials are compared with those of the highest fidelity that there is: the first complete trial
    of a higher one beats all of the lower ones.

    A feasible trial is beaten by a feasible one that is nowhere worse; an infeasible one by all
    that break the limits less, or as much (Deb et al. 2002). So with one objective there is one
    member, and while nothing is feasible there is one too.

    Args:
        objectives: and limits.
        trials: to begin with, in ask order.

    Attributes:
        members: the oldest first.
        infeasible: how many complete trials of that fidelity break a limit.
        level: that fidelity, see ``Fidelity.level``.
    """

    def __init__(self, objectives: Objectives, trials: Iterable[Trial] = ()) -> None:
        self._objectives = objectives
        self._begin(0)
        for trial in trials:
            self.add(trial)

    def _begin(self, level: int) -> None:
        """Begin with the trials of a fidelity."""
        self.level = level
        self.members: list[Trial] = []
        self.infeasible = 0
        self._violation = numpy.inf
        self._fitness = numpy.empty((0, len(self._objectives)))
        self._equals: dict[tuple[float, ...], set[str]] = {}  # fitness -> keys of feasible ones
        self._worst = numpy.full(len(self._objectives), numpy.inf)

    def add(self, trial: Trial) -> None:
        """Take a trial in; what is not complete, or a duplicate, beats nobody."""
        if not trial.complete or trial.duplicate_of is not None or trial.level < self.level:
            return
        if trial.level > self.level:
            self._begin(trial.level)
        violation = self._objectives.violation(trial.metrics)
        fitness = numpy.array(self._objectives.fitness(trial.values))
        self.infeasible += violation > 0
        if not violation:
            self._worst = numpy.minimum(self._worst, fitness)
            self._equals.setdefault(tuple(fitness), set()).add(trial.key)
        if not self.members or violation < self._violation:
            self._keep([], trial, fitness, violation)
        elif violation == self._violation:
            self._compare(trial, fitness, violation)

    @property
    def feasible(self) -> bool:
        """Whether the members meet all limits."""
        return bool(self.members) and self._violation == 0

    @property
    def best(self) -> Trial | None:
        """The one member to recommend, see ``chosen_by``; None if there is none."""
        if not self.members:
            return None
        found = None if self._objectives.choose else knee(self._fitness)
        return self.members[self._first_by(self.chosen_by) if found is None else found]

    @property
    def chosen_by(self) -> str:
        """How the best is chosen: ``knee`` (see ``pareto.knee``), or the name of an objective.

        It is the objective that the user names, or the first one where the front has no knee.
        """
        if self._objectives.choose:
            return self._objectives.choose
        return self._objectives[0].name if knee(self._fitness) is None else KNEE

    @property
    def choice(self) -> str:
        """The same in words."""
        if len(self.members) < 2:
            return "the only candidate of the front"
        if (name := self.chosen_by) == KNEE:
            return "the knee of the front, which gives up least"
        why = "as objective.choose says" if self._objectives.choose else "which has no knee"
        return f"the best {name} of the front, {why}"

    @property
    def ties(self) -> int:
        """How many other candidates are as good as the best in every objective."""
        best = self.best if self.feasible else None
        return 0 if best is None else len(self._equals[self._vector(best)]) - 1

    @property
    def decided_by(self) -> list[str]:
        """The metrics that decide between ties, in their order; after them, age does."""
        names = self.best.metrics if self.best else {}
        optimised = {objective.name for objective in self._objectives}
        return [name for name in TIE_BREAKERS if name in names and name not in optimised]

    @property
    def reference(self) -> dict[str, float]:
        """Where the hypervolume begins: objective -> value; empty while nothing is feasible.

        What the objective gives, or the worst value of a feasible trial so far. The worst only
        gets worse and the front better, so either way a run's hypervolume never shrinks.
        """
        if not self.feasible:
            return {}
        return {
            objective.name: objective.signed(float(worst))
            for objective, worst in zip(self._objectives, self._corner(), strict=True)
        }

    @property
    def hypervolume(self) -> float:
        """What the members dominate, from ``reference`` on; 0.0 while nothing is feasible."""
        return hypervolume(self._fitness, self._corner()) if self.feasible else 0.0

    def _corner(self) -> Fitness:
        """The reference as fitness."""
        return numpy.array(
            [
                worst if objective.reference is None else objective.signed(objective.reference)
                for objective, worst in zip(self._objectives, self._worst, strict=True)
            ]
        )

    def _first_by(self, name: str) -> int:
        """The member with the best value of an objective; of equals, the best in the others."""
        place = [objective.name for objective in self._objectives].index(name)
        return max(
            range(len(self.members)),
            key=lambda one: (self._fitness[one, place], *self._fitness[one]),
        )

    def _compare(self, trial: Trial, fitness: Fitness, violation: float) -> None:
        """Take in a trial that breaks the limits as much as the members: not at all, as a rule."""
        equal = (self._fitness == fitness).all(1) if not violation else numpy.array([True])
        if equal.any():
            (place,) = numpy.flatnonzero(equal)
            if self._preference(trial) < self._preference(self.members[place]):
                self._keep([int(i) for i in numpy.flatnonzero(~equal)], trial, fitness, violation)
        elif not (self._fitness >= fitness).all(1).any():
            stay = numpy.flatnonzero(~dominates(fitness, self._fitness))
            self._keep([int(index) for index in stay], trial, fitness, violation)

    def _preference(self, trial: Trial) -> tuple[float, ...]:
        return *self._objectives.tie_key(trial.metrics), trial.number

    def _vector(self, trial: Trial) -> tuple[float, ...]:
        return tuple(self._objectives.fitness(trial.values))

    def _keep(self, stay: list[int], trial: Trial, fitness: Fitness, violation: float) -> None:
        members = [*(self.members[index] for index in stay), trial]
        rows = numpy.vstack([self._fitness[stay], fitness])
        order = sorted(range(len(members)), key=lambda place: members[place].number)
        self.members = [members[place] for place in order]
        self._fitness, self._violation = rows[order], violation


def by_fitness(trials: Sequence[Trial], objectives: Objectives) -> list[Trial]:
    """Complete trials by the one objective, best first; of equals, see ``Objectives.tie_key``.

    Of those that are equal in that too, the older is first. Feasible trials stand before infeasible
    ones, and these are ranked by how much they break the limits (Deb 2002). Of feasible ones, those
    of a higher fidelity stand before the others.
    """
    (objective,) = objectives

    def order(trial: Trial) -> tuple[float, ...]:
        violation = objectives.violation(trial.metrics)
        worth = 0.0 if violation else -objective.fitness(trial.values)
        level = -trial.level
        return violation, level, worth, *objectives.tie_key(trial.metrics), trial.number

    return sorted(trials, key=order)


def by_domination(trials: Sequence[Trial], objectives: Objectives) -> list[Trial]:
    """Complete trials by the front they are in, then by crowding distance, best first.

    That is NSGA-II's order (Deb et al. 2002); of equals, the older. Infeasible trials come last,
    as in ``by_fitness``.
    """
    ordered = sorted(trials, key=lambda trial: trial.number)
    violation = {trial.number: objectives.violation(trial.metrics) for trial in ordered}
    feasible = [trial for trial in ordered if not violation[trial.number]]
    infeasible = [trial for trial in ordered if violation[trial.number]]
    last = sorted(infeasible, key=lambda trial: violation[trial.number])
    return _by_crowded_rank(feasible, objectives) + last


def _by_crowded_rank(trials: Sequence[Trial], objectives: Objectives) -> list[Trial]:
    """Feasible trials, given from the oldest on."""
    fitness = numpy.array([objectives.fitness(trial.values) for trial in trials])
    fitness = fitness.reshape(len(trials), len(objectives))
    rank, distance = ranks(fitness), numpy.zeros(len(trials))
    for front in range(max(rank, default=-1) + 1):
        distance[rank == front] = crowding(fitness[rank == front])
    return [trials[index] for index in numpy.lexsort((-distance, rank))]
