"""Groups over several tasks."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from nas_hydra.comparison.result import Ranking, TaskResult
from nas_hydra.comparison.statistics import critical_difference, friedman


def ranking(tasks: Sequence[TaskResult], sign: float) -> Ranking | None:
    """Mean ranks over the tasks that all groups have; None unless there are two of both.

    Args:
        tasks: each with its groups.
        sign: 1.0 if more is better, else -1.0.
    """
    names = list(dict.fromkeys(group.group for task in tasks for group in task.groups))
    finals = [
        {group.group: sign * group.final.middle for group in task.groups}
        for task in tasks
        if len(task.groups) == len(names)
    ]
    if len(finals) < 2 or len(names) < 2:
        return None
    table = np.array([[final[name] for final in finals] for name in names])
    ranks = stats.rankdata(-table, axis=0).mean(axis=1)
    rising = sorted(zip(ranks, names, strict=True))
    return Ranking(
        {name: float(rank) for rank, name in rising},
        critical_difference(len(names), len(finals)),
        friedman(table),
        len(finals),
    )
