"""Strategies and spaces as the command composes them, without anything to train."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_module
from omegaconf import DictConfig, OmegaConf

import nas_hydra
from nas_hydra.config.component import build, build_function
from nas_hydra.objective import objectives_from
from nas_hydra.search_space import Hooks, SearchSpace
from nas_hydra.strategy import Strategy

CONF = Path(nas_hydra.__file__).parent / "conf" / "strategy"
OBJECTIVES = objectives_from({"value": "maximize"})
SOURCES = ("strategy", "predictor", "search_space", "cell", "objective")
"""The packages whose code decides what a strategy proposes."""


def composed(*overrides: str) -> DictConfig:
    """The config as the command composes it."""
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        return compose("config", list(overrides))


def space_of(*overrides: str) -> SearchSpace:
    """A search space with its encoder, but without ``canonical``: every genotype counts itself."""
    config = composed(*overrides)
    given = OmegaConf.select(config, "search_space.encoder")
    encoder = None
    if given is not None:
        plain: Any = OmegaConf.to_container(given, resolve=True)
        encoder = build_function(plain, "search_space.encoder")
    return SearchSpace(config, hooks=Hooks(encoder=encoder))


def options() -> list[str]:
    """The options of the config group ``strategy``."""
    return sorted(file.stem for file in CONF.glob("*.yaml"))


def settings(strategy: str, seed: int, pending: int, budget: int) -> dict[str, Any]:
    """The resolved config of a strategy.

    Args:
        strategy: an option, and overrides behind it, separated by spaces:
            ``regularized_evolution strategy.population_size=50``.
        seed: of the search.
        pending: how many trials may be pending.
        budget: how many evaluations there are.

    Raises:
        ValueError: if there is no such option, or it is given candidates to start from.
    """
    config = _composed_once(strategy, pending, budget)
    config.seed = seed
    found: Any = OmegaConf.to_container(config.strategy, resolve=True, throw_on_missing=True)
    if found.pop("initial", None):
        raise ValueError("strategy.initial: a comparison starts from nothing; leave it out")
    return {key: value for key, value in found.items() if key not in ("cost", "cost_aware")}


@cache
def _composed_once(strategy: str, pending: int, budget: int) -> DictConfig:
    option, *overrides = strategy.split()
    if option not in options():
        raise ValueError(f"there is no strategy={option}; allowed: {', '.join(options())}")
    search = ("engine=serial", f"engine.ahead={pending}", f"budget.trials={budget}")
    return composed(f"strategy={option}", *search, *overrides)


def strategy_of(config: dict[str, Any], space: SearchSpace) -> Strategy:
    """A new strategy of its resolved config."""
    made: Strategy = build(config, "strategy", space=space, objectives=OBJECTIVES)
    return made


@cache
def digest(strategy: str, pending: int, budget: int) -> str:
    """What tells two configs of a strategy apart, whatever the seed."""
    return _hash([json.dumps(settings(strategy, 0, pending, budget), sort_keys=True).encode()])


@cache
def code() -> str:
    """What tells two states of the code apart."""
    home = Path(nas_hydra.__file__).parent
    return _hash([f.read_bytes() for name in SOURCES for f in sorted((home / name).rglob("*.py"))])


def _hash(parts: Sequence[bytes]) -> str:
    return hashlib.blake2b(b"\0".join(parts), digest_size=6).hexdigest()


def by_optuna(strategy: str) -> bool:
    """Whether a strategy is one of Optuna's samplers."""
    return str(settings(strategy, 0, 1, 1)["_target_"]).endswith(".OptunaStrategy")
