"""Optuna's names for what genes allow; apart, since Optuna takes a while to import."""

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from nas_hydra.search_space.gene import Categorical, Gene, Integer


def distribution(gene: Gene) -> BaseDistribution:
    """Optuna's name for what a gene allows."""
    if isinstance(gene, Categorical):
        return CategoricalDistribution(gene.labels)
    if isinstance(gene, Integer):
        return IntDistribution(gene.low, gene.high, log=gene.log, step=gene.step)
    return FloatDistribution(gene.low, gene.high, log=gene.log, step=gene.step)
