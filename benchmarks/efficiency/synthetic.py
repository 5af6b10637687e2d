"""Synthetic objectives with known main effects, interactions and noise, on spaces of any genes.

A candidate's signal is a sum of random functions of single genes (main effects), of pairs and of
triples of genes; what is not active contributes nothing. Each function is a tensor of independent
standard normal weights over the genes' features. A categorical gene has one feature per label,
centred, so that each label has its own effect; an ordered one has ``WAVES`` cosines over its
(log) range, the k-th 1/k as high, so that its effect is smooth. Every gene is in a pair with the
next one of the config (in a cell: of the same node or the next), and there are as many pairs, and
half as many triples, of genes drawn from anywhere.

Over random candidates, main effects make up 60 % of the signal's variance, pairs 30 % and triples
10 %; the signal has mean 0 and standard deviation 1, the noise 0.3. All of it is a function of the
task's name and the number of the instance, the noise also of the candidate, once and for all.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from omegaconf import OmegaConf

from efficiency.config import space_of
from nas_hydra.search_space import Categorical, Gene, Genotype, SearchSpace
from nas_hydra.search_space.scale import fraction

Floats = NDArray[np.float64]
Features = Mapping[str, Floats]
"""Gene -> (N, D): the features of N candidates; 0 where it is not active."""

SHARES = (0.6, 0.3, 0.1)
"""Of main effects, pairs and triples in the signal's variance."""
NOISE = 0.3
"""Standard deviation, in standard deviations of the signal over random candidates."""
WAVES = 3
SAMPLE = 1000
"""Random candidates by which signals are scaled."""


class Term(NamedTuple):
    """A random function of some genes: ``weights`` has an axis for the features of each."""

    genes: tuple[str, ...]
    weights: Floats

    def __call__(self, features: Features) -> Floats:
        """Its value for each candidate (N,)."""
        axes = "abc"[: len(self.genes)]
        inputs = ",".join(f"n{axis}" for axis in axes)
        given = [features[name] for name in self.genes]
        found: Floats = np.einsum(f"{inputs},{axes}->n", *given, self.weights)
        return found


class Synthetic:
    """An instance of a synthetic task.

    Args:
        name: one of ``SPACES``.
        instance: its number, from 0 on.
    """

    def __init__(self, name: str, instance: int) -> None:
        self.space = space(name)
        self._seed = (crc32(name.encode()), instance)
        rng = default_rng(self._seed)
        self._terms: list[Term] = []
        self._mean = 0.0
        sample = sampled(name)
        for share, groups in zip(SHARES, _groups(self.space.genes, rng), strict=True):
            terms = [_term(group, sample, rng) for group in groups]
            total = np.sum([term(sample) for term in terms], axis=0)
            scale = np.sqrt(share) / total.std()
            self._terms += [Term(term.genes, term.weights * scale) for term in terms]
            self._mean += scale * total.mean()

    def signal(self, genotype: Genotype) -> float:
        """The value without noise."""
        features = features_of(self.space.genes, [genotype])
        return float(sum(term(features)[0] for term in self._terms) - self._mean)

    def noise(self, genotype: Genotype) -> float:
        """What is added to it when the candidate is evaluated."""
        rng = default_rng((*self._seed, int(genotype.key, 16)))
        return NOISE * float(rng.standard_normal())


def _groups(genes: Sequence[Gene], rng: Generator) -> tuple[list[tuple[str, ...]], ...]:
    """Which genes have effects alone, in pairs, and in triples."""
    names = [gene.name for gene in genes]

    def drawn(size: int, number: int) -> list[tuple[str, ...]]:
        return [tuple(rng.choice(names, size, replace=False).tolist()) for _ in range(number)]

    pairs = [*pairwise(names), *drawn(2, len(names))]
    return [(name,) for name in names], pairs, drawn(3, len(names) // 2)


def _term(genes: tuple[str, ...], sample: Features, rng: Generator) -> Term:
    return Term(genes, rng.standard_normal([sample[name].shape[1] for name in genes]))


def features_of(genes: Sequence[Gene], genotypes: Sequence[Genotype]) -> Features:
    """The features of some candidates."""
    return {gene.name: np.array([_features(gene, one) for one in genotypes]) for gene in genes}


def _features(gene: Gene, genotype: Genotype) -> Floats:
    if isinstance(gene, Categorical):
        if gene.name not in genotype:
            return np.zeros(len(gene))
        place = gene.labels.index(genotype[gene.name])
        return np.asarray(np.eye(len(gene))[place] - 1 / len(gene))
    if gene.name not in genotype:
        return np.zeros(WAVES)
    waves = np.arange(1, WAVES + 1)
    return np.asarray(np.cos(np.pi * waves * fraction(gene, genotype[gene.name])) / waves)


@cache
def space(name: str) -> SearchSpace:
    """The space of a synthetic task."""
    return SPACES[name]()


@cache
def sampled(name: str) -> Features:
    """The features of ``SAMPLE`` random candidates of a task's space."""
    rng, searched = default_rng(0), space(name)
    return features_of(searched.genes, [searched.sample(rng) for _ in range(SAMPLE)])


def numbers() -> SearchSpace:
    """Whole and real numbers, some of them on a logarithmic scale, on grids and not."""
    settings = {
        "lr": {"_float_": {"low": 1e-4, "high": 1.0, "log": True}},
        "weight_decay": {"_float_": {"low": 1e-6, "high": 1e-2, "log": True}},
        "momentum": {"_float_": {"low": 0.0, "high": 0.99}},
        "dropout": {"_float_": {"low": 0.0, "high": 0.5, "step": 0.05}},
        "width": {"_int_": {"low": 8, "high": 512, "log": True}},
        "depth": {"_int_": {"low": 1, "high": 12}},
        "batch_size": {"_int_": {"low": 16, "high": 256, "step": 16}},
        "epochs": {"_int_": {"low": 5, "high": 50}},
    }
    return SearchSpace(OmegaConf.create({"model": settings}), {"model": ("model",)})


SPACES: Mapping[str, Callable[[], SearchSpace]] = {
    "darts_synthetic": lambda: space_of("search_space=darts"),
    "mobilenet_synthetic": lambda: space_of("search_space=mobilenet"),
    "conv_net_synthetic": lambda: space_of(
        "search_space=conv_net",
        "optimizer.lr={_float_:{low:1e-3,high:1,log:true}}",
        "optimizer.weight_decay={_float_:{low:1e-6,high:1e-2,log:true}}",
        "dataset.batch_size={_int_:{low:16,high:256,log:true}}",
    ),
    "numbers_synthetic": numbers,
}
"""Task -> its space: the two cells of DARTS (categorical genes, 10^18 candidates); stages of a
MobileNet (ordered and categorical genes, many of them conditional); a convolutional network with
its training (conditional, ordered and continuous); numbers only."""
