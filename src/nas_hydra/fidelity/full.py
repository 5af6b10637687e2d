"""Every proposal is trained once, in full."""

from collections.abc import Sequence

from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator


class Full(Decorator):
    """Hands every proposal on as it is.

    Args:
        strategy: proposes.
        objectives: of the search; not looked at.
        levels: see ``Evaluator.levels``; not looked at.
    """

    def __init__(self, strategy: Strategy, objectives: Objectives, levels: Sequence[int]) -> None:
        super().__init__(strategy)
