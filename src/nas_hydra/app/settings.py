"""The top level of the config: which keys there are, and of which type."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
)

from nas_hydra.config.interpolation import as_written, broken
from nas_hydra.config.total_steps import without_total
from nas_hydra.engine.base import Limits
from nas_hydra.errors import ConfigError, in_words, listing, nearest
from nas_hydra.masking import masked
from nas_hydra.run import AMOUNTS
from nas_hydra.search_space import PARTS


def _line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("it must be one line of signs that can be printed")
    return text


WORDING = re.compile("Input should be|Value error, it must be")
"""What pydantic says where we say: it must be."""

Natural = Annotated[StrictInt, Field(ge=0)]
Positive = Annotated[StrictInt, Field(ge=1)]
Above0 = Annotated[StrictInt | StrictFloat, Field(gt=0)]
Line = Annotated[str, AfterValidator(_line)]
Group = dict[Any, Any]


LIMITS = (*AMOUNTS, "patience", "regret")
"""What ends a search, whichever is reached first."""
MOST_VALUES = 50_000
"""Of a part of the config, references followed."""


class Budget(BaseModel):
    """When a search ends."""

    model_config = ConfigDict(extra="forbid")
    trials: Positive | None
    repeats: Natural
    epochs: Positive | None = None  # this and what follows is younger than some runs' configs
    seconds: Above0 | None = None
    patience: Positive | None = None
    regret: Above0 | None = None
    cost: Any = None  # a number, or a multiple of the average; read by app/cost.py

    @property
    def limits(self) -> dict[str, float]:
        """Those that are given, by name."""
        return {name: value for name in LIMITS if (value := getattr(self, name)) is not None}


class FinalistSettings(BaseModel):
    """How many of the best go on after the search, and how."""

    model_config = ConfigDict(extra="forbid")
    number: Natural
    epochs: Positive | None
    start: Literal["anew", "go_on"]


class Settings(BaseModel):
    """The top level of the config; a key that is not here is read by nobody."""

    model_config = ConfigDict(extra="forbid")
    seed: Natural
    budget: Budget
    trial: Limits
    folder: str
    name: Line
    report: StrictBool
    search_space: Group
    dataset: Group
    task: Group
    trainer: Group
    optimizer: Group
    scheduler: Group
    evaluator: Group
    fidelity: Group
    inherit: Group
    finalists: FinalistSettings
    strategy: Group
    objective: Group
    engine: Group
    record: Group
    tracker: Group


def resolved(config: DictConfig) -> dict[str, Any]:
    """The config as plain values, references resolved.

    A variable at the top, which is there for others to refer to, is where they stand.

    Raises:
        ConfigError: if a value is missing or a reference leads nowhere.
    """
    _check_mappings(config)
    _check_expansion(config)
    written = str(OmegaConf.to_container(config))
    keys = [str(key) for key in config if key in Settings.model_fields or not _refers(written, key)]
    return {key: without_total([key], _resolved(config, key)) for key in keys}


def _check_mappings(config: DictConfig) -> None:
    """Check that each part of the config is there and is one: others' references lead into it.

    Raises:
        ConfigError: naming the first that is not.
    """
    for key, field in Settings.model_fields.items():
        if key not in config:
            raise ConfigError(key, f"is missing; put it back, for example with '+{key}=...'")
        if field.annotation in (str, bool, int) or OmegaConf.is_interpolation(config, key):
            continue
        if not OmegaConf.is_missing(config, key) and not OmegaConf.is_dict(config[key]):
            given = masked(config[key], key)
            raise ConfigError(key, f"is {given!r}; it must be a mapping: {key}.KEY=VALUE")


def _check_expansion(config: DictConfig) -> None:
    """Check that references do not repeat each other without end: two by two, forty times.

    Raises:
        ConfigError: if they do.
    """
    sizes: dict[int, int] = {}

    def size(part: Any) -> int:
        if not OmegaConf.is_config(part) or part._is_none() or part._is_missing():
            return 1
        if id(part) not in sizes:
            sizes[id(part)] = 1  # of one that leads back to itself, which is told elsewhere
            keys = part if isinstance(part, DictConfig) else range(len(part))
            sizes[id(part)] = 1 + sum(size(_followed(part, key)) for key in keys)
        return sizes[id(part)]

    for key in config:
        if (values := size(_followed(config, key))) > MOST_VALUES:
            raise ConfigError(
                str(key),
                f"has {values:,} values once references are followed; at most {MOST_VALUES:,} are"
                " read",
            )


def _followed(part: Any, key: Any) -> Any:
    """A value, or what it refers to; nothing where it leads nowhere, which is told elsewhere."""
    try:
        return part[key]
    except (OmegaConfBaseException, RecursionError):
        return None


def _refers(written: str, key: Any) -> bool:
    """Whether a reference in a config leads to a key at its top, from wherever it stands."""
    return bool(re.search(rf"\$\{{(?:[^}}]*[^\w.])?\.*{re.escape(str(key))}(?!\w)", written))


def _resolved(config: DictConfig, key: str) -> Any:
    try:
        value = config[key]
        if not OmegaConf.is_config(value):
            return value
        return OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
    except MissingMandatoryValue as error:
        raise ConfigError(
            str(error.full_key), f"has no value yet; say {error.full_key}=VALUE"
        ) from None
    except OmegaConfBaseException as error:
        if key in {path[0] for path in PARTS.values()}:  # may depend on open values; the space
            return OmegaConf.to_container(config[key])  # checks its references itself
        place = str(getattr(error, "full_key", None) or key)
        raise ConfigError(broken(config, place), in_words(error)) from error
    except RecursionError as error:
        raise ConfigError(key, "is nested too deeply, or refers to itself") from error


def shown(config: DictConfig) -> dict[str, Any]:
    """The config as it may be shown and sent: resolved but for the environment, without secrets.

    Raises:
        ConfigError: as ``resolved``.
    """
    with as_written():
        found: dict[str, Any] = masked(resolved(config))
    return found


def settings_of(plain: Mapping[str, Any]) -> Settings:
    """The top level, its keys and types checked.

    Raises:
        ConfigError: naming the first key that is wrong.
    """
    try:
        return _with_budget(Settings(**plain))
    except ValidationError as error:
        first = error.errors()[0]
    key, given = ".".join(map(str, first["loc"])), first["loc"][-1]
    if first["type"] == "extra_forbidden":
        inside: dict[str, type[BaseModel]] = {
            "budget": Budget,
            "trial": Limits,
            "finalists": FinalistSettings,
        }
        known = inside[str(first["loc"][0])] if len(first["loc"]) > 1 else Settings
        names = list(known.model_fields)
        raise ConfigError(
            key, f"is read by nobody; allowed here: {listing(names)}{nearest(given, names)}"
        )
    if first["type"] == "missing":
        raise ConfigError(key, f"is missing; put it back, for example with '+{key}=...'")
    said = masked(first["input"], key)
    raise ConfigError(key, f"is {said!r}; {WORDING.sub('it must be', first['msg'])}")


def _with_budget(settings: Settings) -> Settings:
    """The settings, if their search ends at all.

    Raises:
        ConfigError: if not.
    """
    if not settings.budget.limits.keys() & {*AMOUNTS}:
        names = listing(f"budget.{name}" for name in AMOUNTS)
        raise ConfigError(
            "budget.trials", f"is null, so the search has no end; give one of {names}"
        )
    return settings
