"""Shared by the tests of networks for tables."""

from functools import cache

import torch
from numpy.random import default_rng

from nas_hydra.app.space import build_space
from nas_hydra.compose import composed
from nas_hydra.config.instantiation import instantiate

SPACES = ("ft_transformer", "multi_head", "tab_mlp", "tab_resnet", "tabm")
FEATURES, CARDINALITIES = 3, (3, 5)


def table(rows=6, features=FEATURES, cardinalities=CARDINALITIES):
    """Random rows as a preparation leaves them."""
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randn(rows, features, generator=generator)
    codes = [torch.randint(0, most, (rows,), generator=generator) for most in cardinalities]
    kinds = {"numbers": numbers} if features else {}
    return {**kinds, "categories": torch.stack(codes, 1)} if cardinalities else kinds


@cache
def space_of(name, features=FEATURES, cardinalities=CARDINALITIES, outputs="2"):
    """A space for such a table, without a dataset."""
    facts = [f"+dataset.features={features}", f"+dataset.cardinalities={[*cardinalities]}"]
    chosen = [f"search_space={name}", "dataset=none", f"+task.outputs={outputs}"]
    with composed([*chosen, *facts]) as config:
        return build_space(config)


def sampled(space, number):
    """Random candidates of few decisions: a further block tells nothing new, and takes long."""
    drawn = (space.sample(default_rng(seed)) for seed in range(20))
    return sorted(drawn, key=len)[:number]


def network_of(space, candidate):
    return instantiate(space.close(candidate)["model"])
