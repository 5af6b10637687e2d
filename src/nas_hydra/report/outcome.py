"""What a search has come to, as its page tells it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from nas_hydra.front import Front
from nas_hydra.objective import Objective
from nas_hydra.ranking import by_domination, by_fitness
from nas_hydra.run import Run
from nas_hydra.search_space import Gene
from nas_hydra.trial import Trial

TENTH = 0.1
"""The share of the trials that are called the best ones."""


@dataclass(frozen=True)
class Outcome:
    """A search that ended, or was interrupted.

    Args:
        run: what it is.
        genes: what could be decided.
        trials: in ask order; at least one.
        front: the best of these.
        ended: whether it ended by itself.
    """

    run: Run
    genes: Sequence[Gene]
    trials: Sequence[Trial]
    front: Front
    ended: bool

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
        """The complete trials, each candidate once, the best first."""
        fresh = [trial for trial in self.trials if trial.complete and trial.duplicate_of is None]
        ranked = by_domination if self.several else by_fitness
        return ranked(fresh, self.run.objectives)

    @property
    def best_tenth(self) -> list[Trial]:
        """The best of these; one at least, if there are any."""
        return self.ranked[: math.ceil(TENTH * len(self.ranked))]
