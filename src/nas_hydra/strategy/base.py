"""What every strategy can do: begin with given candidates, propose none twice.

``Initial`` is the warm start: its candidates come first, then those of any strategy.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective
from nas_hydra.search_space import Genotype, SearchSpace, every
from nas_hydra.trial import Evaluation, Proposal, Trial

TRIES = 50
"""How often a candidate is made anew when the last one was proposed before, or may not be."""
MOST_LISTED = 100_000
"""How many candidates are looked through, over a run, for one that chance did not find."""


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


def blindness(strategy: Strategy, trials: int | None) -> str | None:
    """Why a search of so many trials learns nothing from them, by its settings; None if it does.

    None too where nobody knows how many there will be.
    """
    blind: Mapping[str, int] = getattr(strategy, "blind", {})
    for key, first in blind.items():
        if trials is not None and first >= trials:
            return (
                f"{key} is {first} and budget.trials {trials}, so every candidate is random and"
                f" nothing is learned from them; take a smaller {key}, or a larger budget"
            )
    return None


def only_objective(objectives: Sequence[Objective], strategy: str) -> Objective:
    """The one objective of a strategy that ranks by a single number.

    Raises:
        ConfigError: if there are several.
    """
    if len(objectives) != 1:
        names = ", ".join(objective.name for objective in objectives)
        raise ConfigError("objective", f"{strategy} optimises one metric; {names} were given")
    return objectives[0]


class Novelty:
    """The candidates of a space that were not proposed before, and that meet its constraints.

    Candidates that build the same config have one key and count as one.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._seen: set[str] = set()
        self._listed = islice(every(space), MOST_LISTED)
        self._next = next(self._listed, None)

    def add(self, genotype: Genotype) -> None:
        """From now on it is not fresh."""
        self._seen.add(genotype.key)

    def fresh(self, genotype: Genotype) -> bool:
        """Whether it was not proposed before, and is feasible."""
        return genotype.key not in self._seen and self._space.feasible(genotype)

    def first(self, make: Callable[[], Genotype]) -> Genotype | None:
        """The first fresh one of those that are made; None if there is none in ``TRIES``."""
        return next(filter(self.fresh, (make() for _ in range(TRIES))), None)

    def random(self, rng: Generator) -> Genotype | None:
        """A random fresh one; where chance finds none, the next one that is left.

        Returns:
            None if the space is exhausted, or nothing is left among ``MOST_LISTED`` candidates.

        Raises:
            InfeasibleError: if the constraints refuse nearly all candidates.
        """
        drawn = self.first(lambda: self._space.sample(rng))
        return self._left(rng) if drawn is None else drawn

    def _left(self, rng: Generator) -> Genotype | None:
        """The first fresh one in the order of the config; of endlessly many, a random one."""
        if self._space.size == math.inf:
            samples = (self._space.sample(rng) for _ in range(MOST_LISTED))
            return next(filter(self.fresh, samples), None)
        while self._next is not None and not self.fresh(self._next):
            self._next = next(self._listed, None)
        return self._next


@dataclass(frozen=True)
class InitialCandidate:
    """One to begin with.

    Args:
        genotype: its decisions.
        known: what an earlier run measured of it; None if it is to be evaluated.
    """

    genotype: Genotype
    known: Evaluation | None = None


class Ending(NamedTuple):
    """Why a search has ended.

    Args:
        by: key of the config that says so, or ``exhausted``.
        why: in words.
    """

    by: str
    why: str


class Decorator(Strategy):
    """Leaves everything to the strategy within, but for what a class derived from it says.

    Args:
        strategy: the one within.

    Attributes:
        blind: see ``Strategy``.
        foresees: whether its proposals say what is expected to be gained, see ``trial.GAIN``.
    """

    def __init__(self, strategy: Strategy) -> None:
        self.strategy = strategy
        self.foresees: bool = getattr(strategy, "foresees", False)
        self.blind: Mapping[str, int] = getattr(strategy, "blind", {})

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """As the strategy within."""
        return self.strategy.ask(number, rng)

    def tell(self, trial: Trial) -> None:
        """Hand every trial on."""
        self.strategy.tell(trial)

    def resume(self, recorded: Sequence[Trial]) -> None:
        """Get to know the trials of an earlier process, before anything is asked.

        Their proposals are asked and they are told as any others; this is for what depends on more.
        """
        if isinstance(self.strategy, Decorator):
            self.strategy.resume(recorded)

    @property
    def needed(self) -> set[int]:
        """Numbers of the told trials whose checkpoints a later proposal may ask for."""
        return needed_by(self.strategy)

    @property
    def ended(self) -> Ending | None:
        """Why the search has ended; None while it goes on."""
        return ended_by(self.strategy)


def ended_by(strategy: Strategy) -> Ending | None:
    """Why a search with this strategy has ended; one without a budget cannot tell."""
    return strategy.ended if isinstance(strategy, Decorator) else None


def needed_by(strategy: Strategy) -> set[int]:
    """The trials whose checkpoints a strategy may ask for; most ask for none."""
    return strategy.needed if isinstance(strategy, Decorator) else set()


def take_place(trials: list[Trial], trial: Trial) -> None:
    """Put a complete trial where the one is that it goes on from, if that is among these."""
    for place, other in enumerate(trials):
        if trial.complete and other.number == trial.proposal.fidelity.continues:
            trials[place] = trial


class Initial(Decorator):
    """Proposes the candidates in their order, and leaves the rest to a strategy.

    The strategy is asked when it was told of all of them, so that it learns from them and does
    not propose one again.

    Args:
        candidates: different ones.
        strategy: goes on after them.
    """

    def __init__(self, candidates: Sequence[InitialCandidate], strategy: Strategy) -> None:
        super().__init__(strategy)
        self._left = deque(candidates)
        self._pending: set[int] = set()

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """The next candidate, or what the strategy proposes."""
        if self._left:
            self._pending.add(number)
            candidate = self._left.popleft()
            return Proposal(number, candidate.genotype, "initial", known=candidate.known)
        return None if self._pending else self.strategy.ask(number, rng)

    def tell(self, trial: Trial) -> None:
        """Hand every trial on."""
        self._pending.discard(trial.number)
        self.strategy.tell(trial)
