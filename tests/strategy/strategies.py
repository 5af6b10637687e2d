"""Strategies built from conf/strategy/*.yaml for the tests, and one that is no good."""

from pathlib import Path

import numpy
from omegaconf import OmegaConf

import nas_hydra
from nas_hydra.config.component import build
from nas_hydra.testing.strategy import Make
from nas_hydra.trial import Proposal

CONF = Path(nas_hydra.__file__).parent / "conf" / "strategy"


def config(name, folder=CONF, **changes):
    """A strategy's config with its defaults put in; ``changes`` may give other parts."""
    loaded = OmegaConf.load(folder / f"{name}.yaml")
    for default in loaded.pop("defaults", []):
        if default != "_self_":
            ((group, option),) = default.items()
            part = changes.pop(group, option)
            loaded[group] = config(part, folder / group) if isinstance(part, str) else part
    return OmegaConf.merge(loaded, changes)


def maker(name, budget=None, **changes) -> Make:
    """What makes a strategy of conf/strategy; without a budget, as for a large one."""

    def make(space, objectives, seed):
        whole = {"seed": seed, "strategy": config(name, **changes), "budget": {"trials": budget}}
        plain = OmegaConf.to_container(OmegaConf.create(whole), resolve=True)
        return build(plain["strategy"], "strategy", space=space, objectives=objectives)

    return make


STRATEGIES = {
    "random": maker("random"),
    "evolution": maker("evolution"),
    "evolution-steady": maker("evolution", generation_size=1, survivors="youngest"),
    "evolution-comma": maker(
        "evolution",
        survivors="offspring",
        variation="mutation",
        population_size=4,
        generation_size=7,
    ),
    "evolution-growing": maker("evolution", founders=3, generation_size=2),
    "regularized_evolution": maker("regularized_evolution", population_size=12),
    "mu_comma_lambda": maker("mu_comma_lambda", generation_size=10),
    "nsga2": maker("nsga2", population_size=6),
    "local_search": maker("local_search"),
    "local_search-best": maker("local_search", improvement="best"),
    "surrogate_evolution": maker("surrogate_evolution"),
    "surrogate_evolution-bred": maker(
        "surrogate_evolution",
        prescreen=config("surrogate", CONF / "prescreen", enumerable=0, children=20),
    ),
    "tpe": maker("tpe"),
    "nsgaii_optuna": maker("nsgaii_optuna", sampler={"population_size": 6}),
    "random_optuna": maker("random_optuna"),
}
"""Those that work on every space, and take no seconds a proposal."""


class Stubborn:
    """Proposes one candidate again and again."""

    def __init__(self, space, objectives):
        self.space = space

    def ask(self, number, rng):
        return Proposal(number, self.space.sample(numpy.random.default_rng(0)), "stubborn")

    def tell(self, trial):
        pass
