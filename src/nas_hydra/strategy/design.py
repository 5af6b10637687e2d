"""Designs: the founders of a search, before anything is known."""

from typing import Protocol

from numpy.random import Generator

from nas_hydra.search_space import Decision, Gene, Genotype, SearchSpace


class Design(Protocol):
    """Draws the founders, one after the other."""

    def __call__(self, space: SearchSpace, size: int, rng: Generator) -> Genotype:
        """The next of ``size`` founders; it need not meet the constraints."""


class RandomDesign:
    """Every founder by chance."""

    def __call__(self, space: SearchSpace, size: int, rng: Generator) -> Genotype:
        """A random candidate."""
        return space.sample(rng)


class LatinHypercube:
    """Founders that differ in every gene as far as they can (McKay, Beckman and Conover 1979).

    The range of each gene is cut into as many equal parts as there are founders, and each part is
    taken once: of five labels and five founders, every founder has another one.
    """

    def __init__(self) -> None:
        self._orders: dict[str, list[int]] = {}  # gene -> parts that are not taken yet

    def __call__(self, space: SearchSpace, size: int, rng: Generator) -> Genotype:
        """The next row of the hypercube; where all are taken, of the next one."""

        def decide(gene: Gene) -> Decision:
            left = self._orders.get(gene.name) or list(rng.permutation(size))
            part = left.pop()
            self._orders[gene.name] = left
            return gene.at(float((part + rng.random()) / size))

        return space.walk(decide)
