"""What every strategy can do."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective
from nas_hydra.trial import Proposal, Trial


class Strategy(Protocol):
    """Proposes candidates and learns from their trials.

    A strategy is built with ``space`` and ``objectives`` beside its own settings. It knows
    nothing of torch, files or processes, and draws from nothing but the generator it is handed.

    One that begins with proposals which depend on no result can have an attribute ``blind``: the
    config key that says how many -> how many. A search that ends with these is warned of.
    """

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """The proposal with this number; None if it needs more results first.

        None while no result is pending ends the search: the space is exhausted.

        Args:
            number: 0, 1, 2, ...; the same number again after a None.
            rng: the only source of chance, seeded by the search's seed and the number.
        """

    def tell(self, trial: Trial) -> None:
        """Learn from a trial, in ask order; it may have failed, or be another's proposal.

        A warm start tells of candidates that the strategy did not propose, before it is asked.
        """


def blindness(strategy: Strategy, trials: int) -> str | None:
    """Why a search of so many trials learns nothing from them, by its settings; None if it does."""
    blind: Mapping[str, int] = getattr(strategy, "blind", {})
    for key, first in blind.items():
        if first >= trials:
            return (
                f"{key} is {first} and budget.trials {trials}, so every candidate is random and"
                f" nothing is learned from them; take a smaller {key}, or a larger budget"
            )
    return None


def only(objectives: Sequence[Objective], strategy: str) -> Objective:
    """The one objective of a strategy that ranks by a single number.

    Raises:
        ConfigError: if there are several.
    """
    if len(objectives) != 1:
        names = ", ".join(objective.name for objective in objectives)
        raise ConfigError("objective", f"{strategy} optimises one metric; {names} were given")
    return objectives[0]
