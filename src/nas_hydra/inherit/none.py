"""Every candidate begins from scratch."""

from nas_hydra.objective import Objectives
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Decorator


class FromScratch(Decorator):
    """Hands every proposal on as it is.

    Args:
        strategy: proposes.
        objectives: of the search; not looked at.
    """

    def __init__(self, strategy: Strategy, objectives: Objectives) -> None:
        super().__init__(strategy)
