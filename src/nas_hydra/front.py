"""The best of the trials told so far: one, or a Pareto front."""

from collections.abc import Iterable

import numpy

from nas_hydra.objective import Objectives
from nas_hydra.objective.pareto import Fitness, dominates, hypervolume, knee
from nas_hydra.trial import Trial


class Front:
    """The trials that no other one beats, of equals the oldest.

    A feasible trial is beaten by a feasible one that is nowhere worse; an infeasible one by all
    that break the limits less, or as much (Deb et al. 2002). So with one objective there is one
    member, and while nothing is feasible there is one too.

    Args:
        objectives: and limits.
        trials: to begin with, in ask order.

    Attributes:
        members: the oldest first.
        infeasible: how many complete trials break a limit.
    """

    def __init__(self, objectives: Objectives, trials: Iterable[Trial] = ()) -> None:
        self._objectives = objectives
        self.members: list[Trial] = []
        self.infeasible = 0
        self._violation = numpy.inf
        self._fitness = numpy.empty((0, len(objectives)))
        self._worst = numpy.full(len(objectives), numpy.inf)
        for trial in trials:
            self.add(trial)

    def add(self, trial: Trial) -> None:
        """Take a trial in; what is not complete, or a duplicate, beats nobody."""
        if not trial.complete or trial.duplicate_of is not None:
            return
        violation = self._objectives.violation(trial.metrics)
        fitness = numpy.array(self._objectives.fitness(trial.values))
        self.infeasible += violation > 0
        if not violation:
            self._worst = numpy.minimum(self._worst, fitness)
        if not self.members or violation < self._violation:
            self._keep([], trial, fitness, violation)
        elif violation == 0 and not (self._fitness >= fitness).all(1).any():
            stay = numpy.flatnonzero(~dominates(fitness, self._fitness))
            self._keep([int(index) for index in stay], trial, fitness, violation)

    @property
    def feasible(self) -> bool:
        """Whether the members meet all limits."""
        return bool(self.members) and self._violation == 0

    @property
    def best(self) -> Trial | None:
        """The one member to recommend, the front's knee (see ``pareto.knee``); None if none is."""
        return self.members[knee(self._fitness)] if self.members else None

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

    def _keep(self, stay: list[int], trial: Trial, fitness: Fitness, violation: float) -> None:
        self.members = [*(self.members[index] for index in stay), trial]
        self._fitness = numpy.vstack([self._fitness[stay], fitness])
        self._violation = violation
