"""The search space: an opened config that knows its genes."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import Any

from numpy.random import Generator
from omegaconf import DictConfig

from nas_hydra.errors import ConfigError, nearest
from nas_hydra.search_space.gene import Decision, Gene, Real
from nas_hydra.search_space.genotype import Genotype
from nas_hydra.search_space.node import Copies, Node, Open, Repeat, Rest, Walk
from nas_hydra.search_space.parse import Parser
from nas_hydra.search_space.place import dotted
from nas_hydra.search_space.plain import dump
from nas_hydra.search_space.size import count_genotypes

Decide = Callable[[Gene], Decision]
"""Answers for each active gene with one of its possible decisions."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "model": ("search_space", "model"),
    "optimizer": ("optimizer",),
    "scheduler": ("scheduler",),
    "trainer": ("trainer",),
    "dataset": ("dataset",),
}
"""The parts of a candidate's config, and where each stands in the composed config."""


class SearchSpace:
    """Every candidate that an opened config describes.

    Args:
        config: the whole composed config.
        parts: name in the closed config -> path in the composed config. A gene is active if
            one of these parts depends on it.

    Raises:
        ConfigError: for every mistake in how values are opened or referred to, with its key.
    """

    genes: tuple[Gene, ...]
    """Every gene that can be active, in the order of the config."""

    def __init__(self, config: DictConfig, parts: Mapping[str, tuple[str, ...]] = PARTS) -> None:
        parser = Parser(config)
        self.parts = {name: parser.part(path) for name, path in parts.items()}
        for path in parser.unread():
            _refuse_unread(path, parts)
        self.genes = tuple(_named_genes(self.parts.values()))

    def walk(self, decide: Decide) -> Genotype:
        """Visit the open values in order and ask ``decide`` about each active one, once.

        Sampling, variation, validation and foreign samplers are each a ``decide``.

        Raises:
            ConfigError: if ``decide`` answers with what the gene does not allow.
        """
        walk = Walk(decide)
        closed = self._close(walk)
        key = blake2b(dump(closed).encode(), digest_size=8).hexdigest()
        return Genotype(walk.decisions, key)

    def close(self, genotype: Mapping[str, Decision]) -> dict[str, Any]:
        """The candidate's config: plain values, no choice left; it must not be changed.

        Raises:
            ConfigError: naming the gene that is missing, unknown, inactive or out of range.
        """
        walk = Walk(_looked_up(genotype))
        closed = self._close(walk)
        self._check_active(genotype, walk.decisions)
        return closed

    def sample(self, rng: Generator) -> Genotype:
        """A genotype, every decision uniform over what its gene allows."""
        return self.walk(lambda gene: gene.sample(rng))

    def genotype(self, decisions: Mapping[str, Decision]) -> Genotype:
        """The genotype with these decisions.

        Raises:
            ConfigError: naming the gene that is missing, unknown, inactive or out of range.
        """
        found = self.walk(_looked_up(decisions))
        self._check_active(decisions, found)
        return found

    @cached_property
    def size(self) -> int | float:
        """Exact number of genotypes, or ``math.inf`` if a gene is continuous."""
        if any(isinstance(gene, Real) and gene.continuous for gene in self.genes):
            return math.inf
        return count_genotypes(self.parts.values())

    def _close(self, walk: Walk) -> dict[str, Any]:
        return {name: part.close(walk, ()) for name, part in self.parts.items()}

    def _check_active(self, given: Mapping[str, Decision], active: Mapping[str, Decision]) -> None:
        """No decision may be given for what is not active."""
        for name in given:
            if name in active:
                continue
            if any(gene.name == name for gene in self.genes):
                raise ConfigError(name, "is not active beside these decisions; leave it out")
            raise ConfigError(name, f"is no gene here{nearest(name, active) or '; leave it out'}")


def _looked_up(decisions: Mapping[str, Decision]) -> Decide:
    """Answers with what is given."""

    def decide(gene: Gene) -> Decision:
        if gene.name not in decisions:
            raise ConfigError(gene.name, f"has no decision; give it {gene.allowed}")
        return decisions[gene.name]

    return decide


def _refuse_unread(path: tuple[str | int, ...], parts: Mapping[str, tuple[str, ...]]) -> None:
    """An open value that nothing reads would silently stay open."""
    tops = sorted({part[0] for part in parts.values()})
    problem = (
        "is open, but no candidate depends on it; refer to it with ${...}, or delete it"
        if path and path[0] in tops
        else f"cannot be opened; open values may stand in {', '.join(tops)}. Give it a plain value"
    )
    raise ConfigError(dotted(path), problem)


def _named_genes(parts: Iterable[Node]) -> Iterator[Gene]:
    """The genes of the parts; no two open values may bear one name."""
    owner: dict[str, Node] = {}
    seen: set[tuple[Node, Copies, Rest]] = set()
    for part in parts:
        for node, copies in openings(part, (), (), seen):
            gene = node.gene_of(copies)
            first = owner.get(gene.name)
            if first is None:
                owner[gene.name] = node
                yield gene
            elif first is not node:
                raise ConfigError(
                    node.path,
                    f"the gene name '{gene.name}' is taken by {first.path}; give one of them "
                    "another _name_, or refer to the first with ${...} if one decision is meant",
                )


def openings(
    node: Node, copies: Copies, rest: Rest, seen: set[tuple[Node, Copies, Rest]]
) -> Iterator[tuple[Open, Copies]]:
    """Every open node met in closing a part, once per copy of the blocks around it, in order.

    Args:
        node: where to start.
        copies: of the blocks around the place that leads to the node.
        rest: the part of the node that is read.
        seen: what was visited before; it is added to.
    """
    copies = copies[: node.depth]
    if (node, copies, rest) in seen:
        return
    seen.add((node, copies, rest))
    if isinstance(node, Open):
        yield node, copies
    for part, inner in node.reads(rest):
        inside = [copies]
        if isinstance(node, Repeat) and part is node.block:
            inside = node.inside(copies, node.counts[-1])
        for place in inside:
            yield from openings(part, place, inner, seen)
