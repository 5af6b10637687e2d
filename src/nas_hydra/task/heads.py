"""Heads of a network with several, as a config says them and as the data does."""

import math
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import yaml

from nas_hydra.config.component import locate
from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.task.base import Task
from nas_hydra.task.targets import BY_TARGET

OPTIONS: Mapping[str, str] = {
    "class": "classification",
    "number": "regression",
    "labels": "multi_label",
}
"""Kind of a target -> the task that a head has for it, unless something else is said."""

KEYS = ("task", "weight")
"""What is said of a head: what it is trained for, and how much its loss counts."""

WHOLE: Mapping[str, Any] = {"keep": "last", "patience": None, "average": None}
"""Settings of a whole training, which no head has; and what leaves them open."""

Head = Mapping[str, Any]


def one_of(value: Any, name: str) -> Any:
    """What a setting says of one of several targets."""
    return value.get(name) if isinstance(value, Mapping) else value


def settings_of(
    head: Head, name: str, kind: str | None, dataset: Mapping[str, Any]
) -> dict[str, Any]:
    """All settings of a head's task: those of the option for its kind, what is said, what is found.

    Raises:
        ConfigError: if nothing says what it is to be.
    """
    given = head.get("task") or {}
    if "_target_" not in given:
        if kind is None or kind not in OPTIONS:
            raise _taskless(name, dataset.get("target_kind"))
        file = files("nas_hydra.conf").joinpath(f"task/{OPTIONS[kind]}.yaml")
        option = yaml.safe_load(file.read_text(encoding="utf-8"))
        apart = ("defaults", *WHOLE)
        given = {**{key: one for key, one in option.items() if key not in apart}, **given}
    task = locate(given["_target_"], f"task.heads.{name}.task._target_")
    asked = {
        key: one_of(value, name) if key in BY_TARGET else value for key, value in dataset.items()
    }
    found = getattr(task, "found", None)
    try:
        return {**given, **(found(given, asked) if found and None in given.values() else {})}
    except ConfigError as error:
        raise of_head(error, name) from None


def of_head(error: ConfigError, name: str) -> ConfigError:
    """What is wrong with a head's task, or with its data, by the head's name."""
    part, _, key = error.key.partition(".")
    if part == "task" and key:
        return ConfigError(f"task.heads.{name}.task.{key}", error.problem)
    return ConfigError(error.key, f"for head '{name}', {error.problem}")


def _taskless(name: str, kinds: Any) -> ConfigError:
    """What is wrong with a head of which nothing says what it is to be."""
    if isinstance(kinds, Mapping) and name not in kinds:
        problem = f"is no target of the data; allowed: {listing(kinds)}{nearest(name, kinds)}"
        return ConfigError(f"task.heads.{name}", problem)
    example = "{_target_: nas_hydra.task.regression.Regression, ...}"
    return ConfigError(f"task.heads.{name}.task", f"is missing; name a task: {example}")


def check_head(head: Any, key: str) -> None:
    """Make sure that a head is a task with a weight.

    Raises:
        ConfigError: if it is not.
    """
    if not isinstance(head, Mapping) or not isinstance(head.get("task"), Task):
        raise ConfigError(
            key, "is no head; it must be a mapping {task: {_target_: ...}, weight: 1}"
        )
    for name in head:
        if name not in KEYS:
            raise ConfigError(
                f"{key}.{name}", f"means nothing; allowed: {listing(KEYS)}{nearest(name, KEYS)}"
            )
    weight = head.get("weight", 1.0)
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not number or not 0 <= weight < math.inf:
        raise ConfigError(f"{key}.weight", f"is {weight!r}; allowed: numbers of at least 0")
    for name, value in WHOLE.items():
        if getattr(head["task"], name) != value:
            problem = "is of a whole training, and no head's"
            raise ConfigError(f"{key}.task.{name}", f"{problem}; say task.{name}")
