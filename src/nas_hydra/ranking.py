"""Trials from the best to the worst, by one objective or by several, feasible ones first."""

from collections.abc import Sequence

import numpy

from nas_hydra.objective import Objectives
from nas_hydra.objective.pareto import crowding, ranks
from nas_hydra.trial import Trial


def by_fitness(trials: Sequence[Trial], objectives: Objectives) -> list[Trial]:
    """Complete trials by the one objective, best first; of equals, see ``Objectives.tie_key``.

    Of those that are equal in that too, the older is first. Feasible trials stand before infeasible
    ones, and these are ranked by how much they break the limits (Deb 2002).
    """
    (objective,) = objectives

    def order(trial: Trial) -> tuple[float, ...]:
        violation = objectives.violation(trial.metrics)
        worth = 0.0 if violation else -objective.fitness(trial.values)
        return violation, worth, *objectives.tie_key(trial.metrics), trial.number

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
