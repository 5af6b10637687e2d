"""Evolution: one loop, whose parts are configs."""

import logging

from numpy.random import Generator

from nas_hydra.errors import ConfigError, listing
from nas_hydra.objective import Objectives
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy.base import Novelty, take_place
from nas_hydra.strategy.cost import Costs, Weighing
from nas_hydra.strategy.design import Design
from nas_hydra.strategy.parents import Parents
from nas_hydra.strategy.prescreen import Child, Prescreen
from nas_hydra.strategy.survivors import Survivors
from nas_hydra.strategy.variation import Variation
from nas_hydra.trial import Proposal, Trial

log = logging.getLogger(__name__)


class Evolution:
    """Random founders, then children of selected parents, generation by generation.

    Nobody is evaluated twice: a child that was proposed before, or does not meet the space's
    constraints, is bred anew, a bounded number of times, then replaced by a random candidate.
    Failed trials join no population; one that goes on from a member takes its place. The search
    ends early if the space is exhausted.

    Args:
        population_size: members, at least as many as parent selection needs.
        generation_size: children per generation; 1 is a steady state, in which no child waits
            for another.
        founders: how many trials have to be complete before children are bred. With
            fewer than ``population_size``, the population grows to its size afterwards; with
            fewer than parent selection draws, it draws from all until there are more.
        design: draws the founders.
        parents: draws a parent from the population.
        variation: makes a child of parents.
        prescreen: picks one of many children.
        survivors: makes the next population of the last one and its children.

    Attributes:
        population: complete trials, at most ``population_size`` once there are children.
        blind: see ``Strategy``.
        foresees: whether proposals say what is expected to be gained, see ``trial.GAIN``.
    """

    def __init__(
        self,
        space: SearchSpace,
        objectives: Objectives,
        population_size: int,
        generation_size: int,
        founders: int,
        design: Design,
        parents: Parents,
        variation: Variation,
        prescreen: Prescreen,
        survivors: Survivors,
    ) -> None:
        _check_sizes(population_size, generation_size, founders, parents.least)
        _check_objectives(objectives, parents, survivors)
        self._space, self._objectives = space, objectives
        self._population_size, self._generation_size = population_size, generation_size
        self._founders, self._design = founders, design
        self.blind = {"strategy.founders": founders}
        self._parents, self._variation, self._survivors = parents, variation, survivors
        self._prescreen = prescreen
        self.foresees: bool = getattr(prescreen, "foresees", False)
        self._unseen = Novelty(space)
        self._prescreen.start(space, objectives, self._unseen)
        self.population: list[Trial] = []
        self._founding = True
        self._children: list[Trial] = []
        self._told = 0  # of the present generation
        self._pending: dict[int, Genotype] = {}

    def weigh(self, costs: Costs) -> None:
        """Let those of its parts know that weigh what candidates cost."""
        for part in (self._design, self._parents, self._prescreen):
            if isinstance(part, Weighing):
                part.weigh(costs)

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """A random founder, later a child.

        None while trials are pending that the next generation needs, and if the space is
        exhausted.
        """
        if not self._room():
            return None
        if self._founding:
            child = self._founder(rng)
        else:
            child = self._prescreen(lambda: self._bred(rng), list(self._pending.values()), rng)
        if child is None and (genotype := self._unseen.random(rng)) is not None:
            child = Child(genotype, "random", ())
        if child is None:
            return None
        self._unseen.add(child.genotype)
        self._pending[number] = child.genotype
        return Proposal(number, child.genotype, child.origin, child.parents, facts=child.facts)

    def tell(self, trial: Trial) -> None:
        """Take the trial in, and let the next generation begin when the last one is complete."""
        self._pending.pop(trial.number, None)
        self._unseen.add(trial.proposal.genotype)
        self._prescreen.tell(trial)
        if trial.proposal.fidelity.continues is not None:
            take_place(self.population, trial)
            take_place(self._children, trial)
            return
        complete = [trial] if trial.complete else []
        if self._founding:
            self.population += complete
            self._founding = len(self.population) < self._founders
            return
        self._children += complete
        self._told += 1
        if self._told >= self._generation_size:
            self.population = self._survivors(
                self.population, self._children, self._population_size, self._objectives
            )
            self._children, self._told = [], 0

    def _room(self) -> bool:
        """Whether the founders, or the present generation, are more than are asked for."""
        if self._founding:
            return len(self.population) + len(self._pending) < self._founders
        steady = self._generation_size == 1
        return steady or self._told + len(self._pending) < self._generation_size

    def _founder(self, rng: Generator) -> Child | None:
        genotype = self._unseen.first(lambda: self._design(self._space, self._founders, rng))
        return None if genotype is None else Child(genotype, "random", ())

    def _bred(self, rng: Generator) -> Child | None:
        parents: list[Trial] = []

        def make() -> Genotype:
            parents[:] = self._couple(rng)
            genotypes = [parent.proposal.genotype for parent in parents]
            return self._variation(self._space, genotypes, rng)

        genotype = self._unseen.first(make)
        numbers = tuple(dict.fromkeys(parent.number for parent in parents))
        return None if genotype is None else Child(genotype, self._variation.origin, numbers)

    def _couple(self, rng: Generator) -> list[Trial]:
        """As many parents as variation takes, different ones while there are any."""
        chosen: list[Trial] = []
        for _ in range(self._variation.parents):
            taken = {trial.number for trial in chosen}
            others = [trial for trial in self.population if trial.number not in taken]
            chosen.append(self._parents(others or self.population, self._objectives, rng))
        return chosen


def _check_sizes(population_size: int, generation_size: int, founders: int, drawn: int) -> None:
    least = max(1, drawn)
    if population_size < least:
        raise ConfigError(
            "strategy.population_size",
            f"is {population_size}; parent selection draws {least} at a time, so at least {least}"
            " is needed (or a smaller strategy.parents.size)",
        )
    for name, size in (("generation_size", generation_size), ("founders", founders)):
        if size < 1:
            raise ConfigError(f"strategy.{name}", f"is {size}; at least 1 is needed")


def _check_objectives(objectives: Objectives, parents: Parents, survivors: Survivors) -> None:
    """Refuse what ranks by one objective where there are several; mention the reverse."""
    for name, part in (("parents", parents), ("survivors", survivors)):
        kind = type(part).__name__
        if len(objectives) > 1 and part.made_for == "one":
            names = listing(objective.name for objective in objectives)
            raise ConfigError(
                f"strategy/{name}",
                f"{kind} ranks by one objective; {names} were given. Take strategy=nsga2 or its"
                f" {name}, or give one objective",
            )
        if len(objectives) == 1 and part.made_for == "several":
            log.warning(
                "strategy/%s: %s is made for several objectives; with one it selects the fittest",
                name,
                kind,
            )
