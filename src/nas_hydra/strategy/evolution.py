"""Evolution: one loop, whose parts are configs."""

from collections.abc import Callable, Sequence
from itertools import islice

from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective
from nas_hydra.search_space import Genotype, SearchSpace, every
from nas_hydra.strategy.base import only
from nas_hydra.strategy.parents import Parents
from nas_hydra.strategy.survivors import Survivors
from nas_hydra.strategy.variation import Variation
from nas_hydra.trial import Proposal, Trial

TRIES = 50
"""How often a child is made anew when the search proposed its like before, or may not."""
MOST_LISTED = 100_000
"""How many candidates are looked through, over a run, for one that chance did not find."""


class Evolution:
    """Random initial population, then children of selected parents, generation by generation.

    Nobody is evaluated twice: a child that was proposed before, or does not meet the space's
    constraints, is made anew, a bounded number of times, then replaced by a random candidate,
    and at last by the next one that is left.
    Failed trials join no population. Only a space that is exhausted gives duplicates.

    Args:
        population_size: members, at least as many as parent selection needs.
        generation_size: children per generation; 1 is a steady state, in which no child waits
            for another.
        parents: draws a parent from the population.
        variation: makes a child of parents.
        survivors: makes the next population of the last one and its children.

    Attributes:
        population: complete trials; ``population_size`` of them once the initial ones are in.
    """

    def __init__(
        self,
        space: SearchSpace,
        objectives: Sequence[Objective],
        population_size: int,
        generation_size: int,
        parents: Parents,
        variation: Variation,
        survivors: Survivors,
    ) -> None:
        _check_sizes(population_size, generation_size, parents)
        self._space = space
        self._objective = only(objectives, "evolution")
        self._population_size, self._generation_size = population_size, generation_size
        self._parents, self._variation, self._survivors = parents, variation, survivors
        self.population: list[Trial] = []
        self._children: list[Trial] = []
        self._asked = 0  # of the present generation; the initial population is the first
        self._told = 0
        self._initial = True
        self._seen: set[str] = set()
        self._listed = islice(every(space), MOST_LISTED)

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """A random member while the first population is made, then a child.

        None while a generation is out that the next one needs; it always has pending trials.
        """
        if self._initial:
            return self._random(number, rng) if self._room() else None
        if self._generation_size > 1 and self._asked == self._generation_size:
            return None
        return self._child(number, rng)

    def tell(self, trial: Trial) -> None:
        """Take the trial in, and let the next generation begin when the last one is complete."""
        self._told += 1
        if self._initial:
            self.population += [trial] if trial.complete else []
            self._initial = len(self.population) < self._population_size
            if not self._initial:
                self._asked = self._told = 0
            return
        self._children += [trial] if trial.complete else []
        if self._told >= self._generation_size:
            self._next_generation()

    def fitness(self, trial: Trial) -> float:
        """The objective's value, signed so that more is better."""
        return self._objective.fitness(trial.values)

    def _room(self) -> bool:
        """Whether the initial population needs more than are evaluated or under way."""
        under_way = self._asked - self._told
        return len(self.population) + under_way < self._population_size

    def _next_generation(self) -> None:
        self.population = self._survivors(
            self.population, self._children, self._population_size, self.fitness
        )
        self._children, self._asked, self._told = [], 0, 0

    def _random(self, number: int, rng: Generator) -> Proposal:
        genotype = self._new(lambda: self._space.sample(rng))
        if genotype is None:
            genotype = next(filter(self._is_new, self._listed), None)
        if genotype is None:
            genotype = self._space.sample(rng)
        return self._propose(number, genotype, "random", ())

    def _child(self, number: int, rng: Generator) -> Proposal:
        parents: list[Trial] = []

        def make() -> Genotype:
            parents[:] = self._couple(rng)
            genotypes = [parent.proposal.genotype for parent in parents]
            return self._variation(self._space, genotypes, rng)

        child = self._new(make)
        if child is None:
            return self._random(number, rng)
        numbers = tuple(dict.fromkeys(parent.number for parent in parents))
        return self._propose(number, child, self._variation.origin, numbers)

    def _couple(self, rng: Generator) -> list[Trial]:
        """As many parents as variation takes, different ones while there are any."""
        chosen: list[Trial] = []
        for _ in range(self._variation.parents):
            taken = {trial.number for trial in chosen}
            others = [trial for trial in self.population if trial.number not in taken]
            chosen.append(self._parents(others or self.population, self.fitness, rng))
        return chosen

    def _new(self, make: Callable[[], Genotype]) -> Genotype | None:
        """A feasible genotype not proposed before, if one turns up within ``TRIES``."""
        return next(filter(self._is_new, (make() for _ in range(TRIES))), None)

    def _is_new(self, genotype: Genotype) -> bool:
        return genotype.key not in self._seen and self._space.feasible(genotype)

    def _propose(
        self, number: int, genotype: Genotype, origin: str, parents: tuple[int, ...]
    ) -> Proposal:
        self._seen.add(genotype.key)
        self._asked += 1
        return Proposal(number, genotype, origin, parents)


def _check_sizes(population_size: int, generation_size: int, parents: Parents) -> None:
    if population_size < max(1, parents.least):
        raise ConfigError(
            "strategy.population_size",
            f"is {population_size}; parent selection draws {parents.least} at a time, so at least"
            f" {max(1, parents.least)} is needed (or a smaller strategy.parents.size)",
        )
    if generation_size < 1:
        raise ConfigError("strategy.generation_size", f"is {generation_size}; at least 1 is needed")
