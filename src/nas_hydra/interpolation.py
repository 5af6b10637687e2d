"""Which resolvers of OmegaConf a config reaches, and our own; a process has one table of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.basecontainer import BaseContainer

THIRD = "third_of_budget"
HARMLESS = (
    *("oc.create", "oc.decode", "oc.deprecated", "oc.select"),
    *("oc.dict.keys", "oc.dict.values"),
    *(THIRD, "metrics_of"),
)
"""Resolvers that reach nothing but the config."""
ENVIRONMENT = "oc.env"
FEWEST = 2
"""Nothing can be learned from a single trial."""


@contextmanager
def sealed() -> Iterator[None]:
    """While this lasts, no text of a config reaches the environment, the clock or a program."""
    with _table(HARMLESS):
        OmegaConf.register_new_resolver(ENVIRONMENT, _no_environment)
        yield


@contextmanager
def as_written() -> Iterator[None]:
    """While this lasts, what the environment holds stays the text that asks for it."""
    with _table(tuple(name for name in BaseContainer._resolvers if name != ENVIRONMENT)):
        OmegaConf.register_new_resolver(ENVIRONMENT, _asking)
        yield


@contextmanager
def _table(names: tuple[str, ...]) -> Iterator[None]:
    """OmegaConf can forget a resolver, but not give it back: its table is exchanged for a while."""
    outer = BaseContainer._resolvers
    BaseContainer._resolvers = {name: outer[name] for name in names if name in outer}
    try:
        yield
    finally:
        BaseContainer._resolvers = outer


def _no_environment(*_: Any) -> Any:
    raise ValueError("the environment is not told to the config of a finished run")


def _asking(*given: Any) -> str:
    return f"${{{ENVIRONMENT}:{','.join('null' if one is None else str(one) for one in given)}}}"


def _third_of_budget(most: Any, least: int = FEWEST, /, *, _root_: DictConfig) -> Any:
    """``${third_of_budget:30}``: a third of ``budget.trials``, at least two and at most 30.

    So that of what a strategy does in turn, such as founders and generations, a small budget has
    room for more than the first. What is no number is left to those who read it.
    """
    trials = OmegaConf.select(_root_, "budget.trials")
    counted = isinstance(most, int) and isinstance(trials, int)
    return min(most, max(least, trials // 3)) if counted else most


OmegaConf.register_new_resolver(THIRD, _third_of_budget, replace=True)
