"""Plain values: what a closed config may hold, and how OmegaConf computes it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.place import Path, at, dotted
from nas_hydra.search_space.syntax import OPENERS


def dump(value: Any) -> str:
    """The value as JSON, the same text for equal values; 1, 1.0 and true are not equal.

    Raises:
        TypeError: if it is no plain value, or a mapping has keys of kinds without an order.
    """
    return json.dumps(value, sort_keys=True)


def plain(key: str, value: Any) -> Any:
    """The value, if it is made of mappings, lists, texts, numbers, true, false and null.

    Raises:
        ConfigError: if it is not.
    """
    try:
        dump(value)
    except TypeError as error:
        raise ConfigError(
            key,
            f"is {value!r}, which is no plain value ({error}); allowed: texts, numbers, true, "
            "false, null, lists of them, and mappings whose keys are all texts or all numbers",
        ) from error
    return value


def resolve(config: DictConfig, path: Path, text: str) -> Any:
    """The plain value of the text at a path, whose interpolations meet nothing open.

    Raises:
        ConfigError: if OmegaConf cannot compute it, or it brings an open value in through a
            resolver, where the space cannot see it.
    """
    return _computed(dotted(path), text, lambda: at(config, path))


def compute(key: str, text: str, known: Mapping[str, Any]) -> Any:
    """The plain value of a text with interpolations.

    Args:
        key: where the text stands, for messages.
        text: refers to nothing but the keys of ``known``.
        known: plain values.

    Raises:
        ConfigError: as ``resolve``.
    """
    return _computed(key, text, lambda: OmegaConf.create({**known, "value": text})["value"])


def _computed(key: str, text: str, work: Callable[[], Any]) -> Any:
    try:
        value = work()
        if OmegaConf.is_config(value):
            value = OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
    except (OmegaConfBaseException, RecursionError) as error:  # resolvers may go in circles
        reason = str(error).splitlines()[0]
        raise ConfigError(key, f"{text!r} cannot be computed ({reason}); correct it") from error
    for sign in ("${", *OPENERS):
        if sign in dump(plain(key, value)):
            raise ConfigError(
                key,
                f"{text!r} comes to {value!r}, which holds {sign!r}; refer to an open value with"
                " ${its.key} by itself, and escape nothing beside a reference",
            )
    return value
