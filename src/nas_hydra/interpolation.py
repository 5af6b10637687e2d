"""Which of OmegaConf's resolvers a config reaches; there is one table of them in a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer

HARMLESS = (
    *("oc.create", "oc.decode", "oc.deprecated", "oc.select"),
    *("oc.dict.keys", "oc.dict.values"),
)
"""Resolvers that reach nothing but the config."""
ENVIRONMENT = "oc.env"


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
