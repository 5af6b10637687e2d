"""The search space: an opened config that knows its genes."""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any

from numpy.random import Generator
from omegaconf import DictConfig

from nas_hydra.config.later import identifying
from nas_hydra.errors import ConfigError, InfeasibleError, in_one_line, nearest
from nas_hydra.search_space.encoding import Encoder, Encoding
from nas_hydra.search_space.feasibility import Feasibility, Hooks, check_not_open, parse_constraints
from nas_hydra.search_space.gene import Decision, Gene, Genotype, Real
from nas_hydra.search_space.node import Node, Place, Walk, places_of
from nas_hydra.search_space.parse import Parser
from nas_hydra.search_space.scale import difference, nth
from nas_hydra.search_space.sharing import check_shared, tied, untied
from nas_hydra.search_space.size import count_genotypes
from nas_hydra.search_space.syntax import dotted, dump
from nas_hydra.search_space.vary import neighbours

Decide = Callable[[Gene], Decision]
"""Answers for each active gene with one of its possible decisions."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "model": ("search_space", "model"),
    "optimizer": ("optimizer",),
    "scheduler": ("scheduler",),
    "trainer": ("trainer",),
    "dataset": ("dataset",),
    "task": ("task",),
}
"""The parts of a candidate's config, and where each stands in the composed config."""

TRIES = 2000
"""How many random candidates may be refused in a row before a space counts as infeasible."""

NO_HOOKS = Hooks()


class SearchSpace:
    """Every candidate that an opened config describes.

    Args:
        config: the whole composed config.
        parts: name in the closed config -> path in the composed config. A gene is active if
            one of these parts depends on it.
        hooks: canonical form, graph features and constraints.

    Raises:
        ConfigError: for every mistake in how values are opened or referred to, with its key.
    """

    genes: tuple[Gene, ...]
    """Every gene that can be active, in the order of the config."""
    places: Mapping[str, Place]
    """Gene name -> where it stands, in the same order."""
    constraints: tuple[Node, ...]
    """What ``search_space.constraints`` lists, still open."""

    def __init__(
        self,
        config: DictConfig,
        parts: Mapping[str, tuple[str, ...]] = PARTS,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        parser = Parser(config)
        self.parts = {name: parser.part(path) for name, path in parts.items()}
        self.places = places_of(self.parts.values())
        self.constraints = parse_constraints(parser, self.places)
        for key in ("search_space.canonical", "search_space.encoder"):
            check_not_open(parser, key)
        self._shares = parser.shares
        for path in parser.unread():
            _refuse_unread(path, parts)
        self.genes = tuple(place.gene for place in self.places.values())
        self.hooks = hooks
        self._feasibility = Feasibility(self.constraints, hooks)

    @property
    def tried(self) -> int:
        """How many different candidates were checked against the constraints."""
        return self._feasibility.tried

    @property
    def rejected(self) -> int:
        """How many of them do not meet the constraints."""
        return self._feasibility.rejected

    def walk(self, decide: Decide) -> Genotype:
        """Visit the open values in order and ask ``decide`` about each active one, once.

        Sampling, variation, validation and foreign samplers are each a ``decide``.

        Raises:
            ConfigError: if ``decide`` answers with what the gene does not allow.
        """
        walk = Walk(decide)
        closed = self._close(walk)
        if self.hooks.canonical is not None:
            closed["model"] = self.hooks.canonical(closed["model"])
        try:
            text = dump(identifying(closed))
        except (TypeError, ValueError, RecursionError) as error:  # a closed config is plain
            problem = f"gives what is no plain value for a candidate: {in_one_line(error)}"
            raise ConfigError("search_space.canonical", problem) from error
        return Genotype(walk.decisions, blake2b(text.encode(), digest_size=8).hexdigest())

    def close(self, genotype: Mapping[str, Decision]) -> dict[str, Any]:
        """The candidate's config: plain values, no choice left; it must not be changed.

        Raises:
            ConfigError: naming the gene that is missing, unknown, inactive or out of range.
        """
        walk = Walk(_looked_up(genotype))
        closed = self._close(walk)
        self._check_active(genotype, walk.decisions)
        if self._shares:
            closed["model"] = tied(closed["model"])
        return closed

    def sample(self, rng: Generator) -> Genotype:
        """A feasible genotype, every decision uniform over what its gene allows.

        Raises:
            InfeasibleError: if ``TRIES`` in a row do not meet the constraints.
        """
        for _ in range(TRIES):
            genotype = self.walk(lambda gene: gene.sample(rng))
            if self.feasible(genotype):
                return genotype
        raise InfeasibleError(TRIES, self.tried, self.tried - self.rejected)

    def feasible(self, genotype: Mapping[str, Decision]) -> bool:
        """Whether a candidate meets the space's constraints; remembered.

        Raises:
            ConfigError: naming the gene that is missing, unknown, inactive or out of range.
        """
        return self._feasibility.always or self._feasibility(genotype, self.close(genotype))

    def genotype(self, decisions: Mapping[str, Decision]) -> Genotype:
        """The genotype with these decisions.

        Raises:
            ConfigError: naming the gene that is missing, unknown, inactive or out of range.
        """
        found = self.walk(_looked_up(decisions))
        self._check_active(decisions, found)
        return found

    def neighbours(self, genotype: Genotype, rng: Generator | None = None) -> Iterator[Genotype]:
        """Every feasible genotype one decision away, lazily; see ``vary.neighbours``."""
        return neighbours(self, genotype, rng)

    def distance(self, one: Mapping[str, Decision], other: Mapping[str, Decision]) -> float:
        """How far apart two genotypes are: a metric, from 0 to the number of genes.

        The sum over all genes: 1 for different labels, the difference as a share of the (log)
        range for numbers, 1 for a gene that is active in one of them only.
        """
        shared = [name for name in one if name in other]
        total = float(len(one) + len(other) - 2 * len(shared))
        return total + sum(
            difference(self.places[name].gene, one[name], other[name]) for name in shared
        )

    def encode(self, genotype: Mapping[str, Decision]) -> Encoding:
        """The genotype as a vector, of one length for all; see ``Encoding``."""
        if self.hooks.encoder is None:
            return self._encoder(genotype)
        graph = self.hooks.encoder(untied(self.close(genotype)["model"]))
        return self._encoder(genotype, graph)

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder(self.genes)

    @cached_property
    def size(self) -> int | float:
        """Exact number of genotypes, or ``math.inf`` if a gene is continuous."""
        if any(isinstance(gene, Real) and gene.continuous for gene in self.genes):
            return math.inf
        return count_genotypes(self.parts.values())

    def _close(self, walk: Walk) -> dict[str, Any]:
        closed = {name: part.close(walk, ()) for name, part in self.parts.items()}
        if self._shares:
            check_shared(closed)
        return closed

    def _check_active(self, given: Mapping[str, Decision], active: Mapping[str, Decision]) -> None:
        for name in given:
            if name in active:
                continue
            if name in self.places:
                raise ConfigError(name, "is not active beside these decisions; leave it out")
            raise ConfigError(name, f"is no gene here{nearest(name, active) or '; leave it out'}")


def _looked_up(decisions: Mapping[str, Decision]) -> Decide:

    def decide(gene: Gene) -> Decision:
        if gene.name not in decisions:
            raise ConfigError(gene.name, f"has no decision; give it {gene.allowed}")
        return decisions[gene.name]

    return decide


def _refuse_unread(path: tuple[str | int, ...], parts: Mapping[str, tuple[str, ...]]) -> None:
    """An open value that nothing reads would silently stay open."""
    tops = sorted({part[0] for part in parts.values()})
    problem = f"cannot be opened; open values may stand in {', '.join(tops)}. Give it a plain value"
    if path and path[0] in tops:
        problem = "is open, but no candidate depends on it; refer to it with ${...}, or delete it"
    elif path and path[0] in PARTS:
        problem = f"is open, but the evaluator reads no {path[0]}; give it a plain value"
    raise ConfigError(dotted(path), problem)


def every(space: SearchSpace) -> Iterator[Genotype]:
    """Every genotype, in the order of the config; none if a gene is continuous."""
    if space.size == math.inf:
        return
    positions: list[int] = []  # of the decision of each gene in its values, in walking order
    while True:
        counts: list[int] = []

        def decide(gene: Gene, counts: list[int] = counts) -> Decision:
            if len(counts) == len(positions):
                positions.append(0)
            counts.append(len(gene))
            return nth(gene, positions[len(counts) - 1])

        yield space.walk(decide)
        while positions and positions[-1] + 1 == counts.pop():
            positions.pop()
        if not positions:
            return
        positions[-1] += 1
