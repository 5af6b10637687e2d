"""The search space of a composed config: built, its components checked, drawn from."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

import yaml
from numpy.random import Generator
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.config.arguments import UNKNOWN
from nas_hydra.config.component import ask, build_function, check, check_call
from nas_hydra.constraint.rules import ConstraintChecker
from nas_hydra.errors import ConfigError, InfeasibleError, listing, nearest
from nas_hydra.search_space import PARTS, Genotype, Hooks, SearchSpace
from nas_hydra.search_space.node import Choice, Constant, DictNode, Node

MEANINGS = ("model", "constraints", "canonical", "encoder")
"""The keys of a search space that mean something by themselves."""


def build_space(
    config: DictConfig, builds: bool = True, limits: Sequence[Mapping[str, Any]] = ()
) -> SearchSpace:
    """The search space of a composed config, with its hooks and constraints.

    Args:
        config: the composed config.
        builds: whether networks are built, see ``Evaluator.builds``.
        limits: constraints beside those of the config.

    Raises:
        ConfigError: if anything in how it is written is wrong; its components are not imported.
    """
    _check_read(config)
    canonical = _function(config, "canonical") if builds else None
    parts = PARTS if builds else _network_parts(config)
    hooks = Hooks(canonical, _function(config, "encoder"), ConstraintChecker(), limits)
    return SearchSpace(config, parts, hooks)


def _network_parts(config: DictConfig) -> dict[str, tuple[str, ...]]:
    """Those of ``PARTS`` that say what network a candidate is, and not how that is trained."""
    known = OmegaConf.select(config, "dataset._target_") is not None
    return {name: PARTS[name] for name in (["model", "dataset"] if known else ["model"])}


def _check_read(config: DictConfig) -> None:
    """Make sure that every key of the space is read: a misspelt ``constraints`` would not be.

    Raises:
        ConfigError: naming a key that neither means anything nor is referred to.
    """
    written = str(OmegaConf.to_container(config))
    for key in OmegaConf.select(config, "search_space", default={}):
        if key not in MEANINGS and not re.search(rf"\$\{{[^}}]*\b{re.escape(str(key))}\b", written):
            raise ConfigError(
                f"search_space.{key}",
                f"is read by nobody; allowed: {listing(MEANINGS)}, and values that are referred to"
                f" with ${{search_space.{key}}}{nearest(key, MEANINGS)}",
            )


def check_needs(config: DictConfig) -> None:
    """Make sure that the dataset tells what the space refers to: a size, or a vocabulary.

    Raises:
        ConfigError: naming the options of datasets that tell it, if there are any.
    """
    written = str(OmegaConf.to_container(config.search_space)) if "search_space" in config else ""
    for name in dict.fromkeys(re.findall(r"(?<!,)\$\{dataset\.(\w+)[^{}]*\}", written)):
        options = [] if name in config.dataset else _datasets_with(name)
        if options:
            known = listing(f"dataset={option}" for option in options)
            problem = f"has no {name}, which the space refers to; datasets that have one: {known}"
            raise ConfigError("dataset", problem)


def _datasets_with(key: str) -> list[str]:
    """The options of our datasets that have a key."""
    found = (one for one in files("nas_hydra.conf").joinpath("dataset").iterdir() if one.is_file())
    read = {file.name: yaml.safe_load(file.read_text("utf-8")) for file in found}
    return sorted(name.removesuffix(".yaml") for name, option in read.items() if key in option)


def _function(config: DictConfig, name: str) -> Callable[..., Any] | None:
    """A function that the space names, if it does; its failures are the config's mistakes."""
    key = f"search_space.{name}"
    try:
        given: Any = OmegaConf.select(config, key)
        if OmegaConf.is_config(given):
            given = OmegaConf.to_container(given, resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError(key, str(error).splitlines()[0]) from error
    return None if given is None else partial(ask, build_function(given, key), key=key)


def check_components(nodes: Iterable[Node], seen: set[int] | None = None) -> None:
    """Check every component that an opened config can close to, also in options rarely taken.

    Raises:
        ConfigError: if one does not import or does not take its arguments.
    """
    seen = set() if seen is None else seen
    for node in nodes:
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Constant):
            check(node.value, node.path)
        elif isinstance(node, DictNode) and "_target_" in node.items:
            _check_open_component(node)
        check_components((part for part, _ in node.reads()), seen)


def _check_open_component(node: DictNode) -> None:
    """Check a component some of whose arguments, or which itself, is still open."""
    given = {
        name: part.value if isinstance(part, Constant) else UNKNOWN
        for name, part in node.items.items()
    }
    target = node.items["_target_"]
    options = target.options if isinstance(target, Choice) else (target,)
    for option in options:
        if isinstance(option, Constant):
            check_call({**given, "_target_": option.value}, node.path, {})


def sample(space: SearchSpace, rng: Generator) -> Genotype:
    """A random feasible candidate.

    Raises:
        ConfigError: if there are nearly none; names the constraints that refuse them.
    """
    try:
        return space.sample(rng)
    except InfeasibleError as error:
        judge = space.hooks.feasible
        if not isinstance(judge, ConstraintChecker):
            raise
        problem = f"{error.problem}. Refused by {judge.verdict}"
        raise ConfigError(judge.key or error.key, problem) from error
