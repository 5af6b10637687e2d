"""The config group ``objective``: metric -> direction, limits or both."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from omegaconf import OmegaConf

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.objective.base import Direction, Limit, Objective, Objectives

DIRECTIONS = get_args(Direction)
BOUNDS = ("at_least", "at_most")
KEYS = ("direction", *BOUNDS, "reference")
UNTYPED = re.compile(r"[^\w.]", re.ASCII)
"""What of a metric's name cannot stand in a key on the command line."""
CHOOSE = "choose"
"""The key that names an objective; a metric may have this name too."""
FORMS = "maximize, minimize, or a mapping such as {direction: minimize, at_most: 1e6}"


def objectives_from(config: Mapping[str, Any]) -> Objectives:
    """The objectives of the config group ``objective``.

    Args:
        config: metric -> ``maximize`` or ``minimize``; or a mapping with some of ``KEYS``, which
            is an objective if it has a direction, and a limit if it has a bound. And ``CHOOSE``
            -> an objective.

    Raises:
        ConfigError: if a key or a value has no meaning, bounds exclude each other, or nothing is
            left to optimise.
    """
    parts = {name: _part(config[name], f"objective.{name}") for name in metrics_of(config)}
    optimised = tuple(
        Objective(name, part["direction"], part.get("reference"))
        for name, part in parts.items()
        if "direction" in part
    )
    limits = tuple(_limit(name, part) for name, part in parts.items() if {*BOUNDS} & {*part})
    if not optimised:
        only = f" to optimise, only limits of {listing(parts)}" if parts else ""
        raise ConfigError("objective", f"names no metric{only}; for example objective=val_acc")
    return Objectives(optimised, limits, _chosen(config, [one.name for one in optimised]))


def metrics_of(config: Mapping[str, Any]) -> list[str]:
    """The metrics that the config group names; ``choose: val_acc`` is no metric."""
    return [name for name in config if not _is_choice(name, config[name])]


OmegaConf.register_new_resolver("metrics_of", metrics_of, replace=True)


def unmeasured(name: str, measured: Iterable[str]) -> str:
    """What is wrong with the objective or limit of a metric that nothing measures."""
    allowed = [*measured]
    return f"nothing measures '{name}'; allowed: {listing(allowed)}{nearest(name, allowed)}"


def meant(name: str, measured: Sequence[str]) -> str:
    """The metric of this name, or else the one that the command line can only write so."""
    alike = (one for one in measured if UNTYPED.sub("_", one) == name)
    return name if name in measured else next(alike, name)


def spelled(given: Mapping[str, Any], measured: Iterable[str]) -> dict[str, Any]:
    """The config group, its metrics named as they are measured: ``val_acc`` may mean ``val/acc``.

    What Hydra's command line does not take in a key may be written as an underscore.

    Args:
        given: the config group ``objective``.
        measured: the names of all metrics.

    Raises:
        ConfigError: if one metric is named twice.
    """
    known = [*measured]
    names = {name: meant(name, known) for name in metrics_of(given)}
    for name, metric in names.items():
        if name != metric and metric in names:
            problem = f"is '{metric}', which is there too; drop one: '~objective.{name}'"
            raise ConfigError(f"objective.{name}", problem)
    found = {names[name]: part for name, part in given.items() if name in names}
    if CHOOSE in given and CHOOSE not in names:  # it names one of them
        found[CHOOSE] = names.get(str(given[CHOOSE]), given[CHOOSE])
    return found


def wanted(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The config's objectives beside an evaluator's own that it leaves as they are.

    A mapping without a direction (``{at_least: 80}``) leaves the direction as it is.

    Args:
        own: metric -> direction.
        given: the config group ``objective``.

    Raises:
        ConfigError: if the name of an evaluator's own is taken for a choice.
    """
    if CHOOSE in own and _is_choice(CHOOSE, given.get(CHOOSE, own[CHOOSE])):
        _check_direction(
            given[CHOOSE], f"objective.{CHOOSE}", f"{FORMS}, since it is a metric here"
        )
    completed = {
        name: {"direction": own[name], **part}
        for name, part in given.items()
        if name in own and isinstance(part, Mapping)
    }
    return {**own, **given, **completed}


def _is_choice(name: str, given: Any) -> bool:
    named = given is None or (isinstance(given, str) and given not in DIRECTIONS)
    return name == CHOOSE and named


def _chosen(config: Mapping[str, Any], names: Sequence[str]) -> str | None:
    name = config.get(CHOOSE)
    if name is None or not _is_choice(CHOOSE, name):
        return None
    if name not in names:
        hint = nearest(name, names)
        raise ConfigError(
            f"objective.{CHOOSE}",
            f"is {name!r}, which is no objective; allowed: {listing(names)}{hint}",
        )
    return str(name)


def _part(given: Any, key: str) -> dict[str, Any]:
    """One metric's mapping, its keys and values checked; a direction alone is the shortest."""
    if not isinstance(given, Mapping):
        _check_direction(given, key, FORMS)
        return {"direction": given}
    for name, value in given.items():
        if name not in KEYS:
            hint = nearest(name, KEYS)
            raise ConfigError(f"{key}.{name}", f"means nothing; allowed: {listing(KEYS)}{hint}")
        if name == "direction":
            _check_direction(value, f"{key}.direction", listing(DIRECTIONS))
        else:
            _check_number(value, f"{key}.{name}")
    if not {"direction", *BOUNDS} & {*given}:
        raise ConfigError(key, f"has neither a direction nor a bound; allowed: {FORMS}")
    if "reference" in given and "direction" not in given:
        raise ConfigError(f"{key}.reference", "is of an objective; give it a direction too")
    return dict(given)


def _check_direction(value: Any, key: str, allowed: str) -> None:
    if value not in DIRECTIONS:
        hint = nearest(value, DIRECTIONS)
        raise ConfigError(key, f"is {value!r}; allowed: {allowed}{hint}")


def _check_number(value: Any, key: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(key, f"is {value!r}; it must be a finite number")


def _limit(name: str, part: Mapping[str, Any]) -> Limit:
    limit = Limit(name, **{bound: part[bound] for bound in BOUNDS if bound in part})
    if limit.at_least > limit.at_most:
        raise ConfigError(
            f"objective.{name}",
            f"must be at least {limit.at_least} and at most {limit.at_most}, which nothing is;"
            " exchange them, or drop one",
        )
    return limit
