"""Hydra's own errors, told like ours: the key, what was given, what is allowed."""

import logging.config
import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra._internal.config_repository import IConfigRepository
from hydra.core.object_type import ObjectType
from hydra.errors import (
    HydraException,
    InstantiationException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.errors import ConfigError, NasHydraError, in_words, listing, nearest
from nas_hydra.masking import masked
from nas_hydra.search_space.syntax import OPENERS

SETTINGS = ("seed", "budget", "folder", "name", "report", "trial")
"""Keys at the top that are no groups."""

METRICS = "objective/"
"""Where a key may be given that no file has: any metric."""

WORDS = (
    (
        r"Ambiguous value for argument '([^=]*)=(.*)'$",
        r"\1: is several values, \2; -m searches with each, \1=[\2] is one list",
    ),
    (
        r"Sweep parameters '([^=]*)=(.*)' requires --multirun$",
        r"\1: is several values, \2; -m searches with each",
    ),
    (
        r"([^:]*): (ValueError raised while resolving interpolation: )?HydraConfig was not set",
        r"\1: what stands there is known when the job begins; change it with KEY=VALUE",
    ),
    (
        r"Multiple values for (\S+)\. To override a value use 'override \S+: (.*)'",
        r"\1: has an option already; say \1=\2, or in a defaults list 'override \1: \2'",
    ),
    (
        r"(\S+) appears more than once in the final defaults list",
        r"\1: has an option already; say \1=... without a plus",
    ),
    (
        r"force-add of config groups is not supported: '\+\+([^=]*)=(.*)'",
        r"\1: is a group; say \1=\2",
    ),
    (
        r"Could not append to config. An item is already at '(.*)'\.",
        r"\1: is there already; say \1=VALUE",
    ),
    (
        r"No config source registered for schema (\S+) ?,",
        r"hydra.searchpath: there are no configs at \1://; allowed: file:// and pkg://",
    ),
    (
        r"RuntimeError: Invalid plugin '(.*)'",
        r"hydra.launcher, hydra.sweeper: '\1' is no plugin of Hydra's; install it, or leave it out",
    ),
    (
        r"([^:]*): (?:Merge error|Invalid type assigned): \w+ is not a subclass .*value: (.*)",
        r"\1: is \2; it must be a mapping",
    ),
    (r"([^:]*): Cannot assign (\w+) to Dict\b", r"\1: is of type \2; it must be a mapping"),
    (r"You must specify '(.*)', e.g", r"\1: has no option yet; say \1=OPTION"),
    (r"Could not delete from config. '(.*)' does not", r"\1: cannot be deleted, it is not there"),
    (
        r"Could not delete from config. The value of '(\S*)' is (.*) and not (.*)\.$",
        r"\1: is not deleted, since it is not \3 but \2",
    ),
)
"""From Hydra's words to ours; all others are told as they are."""


class ComposeError(ConfigError):
    """What Hydra cannot compose, or not begin a job with; none has begun."""


@contextmanager
def hydra_told(repository: IConfigRepository) -> Iterator[None]:
    """Whatever Hydra raises while it composes, as our error: the config is its cause."""
    try:
        yield
    except NasHydraError:
        raise
    except Exception as error:
        raise ComposeError("", explain(error, repository)) from error


def explain(error: Exception, repository: IConfigRepository) -> str:
    """What the user should change.

    Args:
        error: of Hydra's.
        repository: knows the groups, where keys may be misspelt.
    """
    if isinstance(error, RecursionError):
        return "the config is nested too deeply, or refers to itself"
    if isinstance(error, MissingConfigException):
        return _missing_option(error, error.missing_cfg_file or "")
    if isinstance(error, OverrideParseException):
        return _unreadable(error)
    if isinstance(error, InstantiationException):
        return _not_built(error)
    if isinstance(error, HydraException | OmegaConfBaseException):
        return _unknown_key(error, repository) or _plainer(_of_key(error))
    return _plainer(_place(error) + in_words(error))


def _not_built(error: InstantiationException) -> str:
    """For a part of Hydra's own config, such as a callback."""
    key = re.search(r"^full_key: (\S+)", str(error), re.MULTILINE)
    target = re.search(r"target '([^']+)'", str(error))
    first: BaseException = error
    while first.__cause__ is not None:
        first = first.__cause__
    return f"{key[1] if key else 'hydra'}: {target[1] + ': ' if target else ''}{in_words(first)}"


def _place(error: BaseException) -> str:
    """Where in the config something is wrong that Python's own logging is given."""
    steps = traceback.extract_tb(error.__traceback__)
    return (
        "hydra.job_logging: "
        if any(one.filename == logging.config.__file__ for one in steps)
        else ""
    )


def _unreadable(error: OverrideParseException) -> str:
    key, _, value = error.override.partition("=")
    metric = re.fullmatch(r"[~+]*objective\.(.*/.*)", key)
    if metric:
        problem = f"a name with a slash stands in braces: {_metric(metric[1], value or 'maximize')}"
    elif "LexerNoViableAlt" not in str(error):
        lines = str(error).splitlines()
        problem = (
            lines[1] if lines[0].startswith("Error parsing") and lines[1:] else in_words(error)
        )
    elif re.fullmatch(r"[~+]*[\w.$/@:-]+", key, re.ASCII):
        problem = f"a value with such a sign must stand in quotes: {key}='{value}'"
    else:
        problem = "there are no such keys; an item of a list is KEY.0"
    return f"{error.override}: cannot be read as KEY=VALUE ({problem})"


def _metric(name: str, value: str) -> str:
    """How a metric is optimised whose name may hold what Hydra takes in no key."""
    return f"'objective={{{name}: {value}}}'"


def _plainer(problem: str) -> str:
    for pattern, words in WORDS:
        if re.match(pattern, problem):
            return re.sub(rf"{pattern}.*", words, problem, count=1, flags=re.DOTALL)
    return problem


def _of_key(error: Exception) -> str:
    """The words of an error of OmegaConf's, or of the one behind Hydra's, with the key."""
    merging = re.match(r"Error merging override (.*)", str(error), re.DOTALL)
    behind = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if not isinstance(behind, OmegaConfBaseException) or (str(error) and not merging):
        behind = error
    key = merging[1] if merging else str(getattr(behind, "full_key", None) or "")
    words = in_words(behind)
    return f"{key}: {words}" if key and key not in words else words


def _missing_option(error: MissingConfigException, path: str) -> str:
    group, _, given = path.rpartition("/")
    asked = re.match(r"In '([^']+)'", str(error))
    place = f" (asked for in '{asked[1]}')" if asked and asked[1] not in ("config", "") else ""
    if not path:  # but the place where all begins
        return " ".join(str(error).split())
    if not error.options:
        return f"{path}: there is no such config{place}"
    hint = nearest(given, error.options)
    if path.startswith(METRICS):
        group, _, given = path.partition("/")
        hint += f"; or a metric by its name: {_metric(given, 'maximize')}"
    return f"{group}: there is no option '{given}'{place}; allowed: {listing(error.options)}{hint}"


def _unknown_key(error: Exception, repository: IConfigRepository) -> str | None:
    """For an override of a key or group that does not exist: the nearest one that does."""
    found = re.match(r"Could not (?:override|delete) '~?([^'=]+)", str(error))
    if not found:
        return None
    parent = getattr(error.__cause__, "parent_node", None)
    key = str(getattr(error.__cause__, "full_key", None) or found[1])
    given = key.rpartition(".")[2]
    groups = repository.get_group_options("", ObjectType.GROUP)
    if "hydra" in (key, key.partition("/")[0]):
        return f"{key}: cannot be changed; say hydra.KEY=VALUE, as in hydra.run.dir=FOLDER"
    if repository.group_exists(key):
        options = repository.get_group_options(key)
        return f"{key}: nothing is taken of this group yet; say +{key}=OPTION: {listing(options)}"
    if not isinstance(parent, DictConfig) or "." not in key:
        names = [*(name for name in groups if name != "hydra"), *SETTINGS]
        return f"{key}: there is no such key; allowed: {listing(names, 20)}{nearest(given, names)}"
    return f"{key}: there is no such key; {_inside(key, given, [str(name) for name in parent])}"


def _inside(key: str, given: str, names: Sequence[str]) -> str:
    """What may be said instead of a key of a mapping that has other ones."""
    mend = f"to add it all the same: +{key}=VALUE"
    if given in OPENERS:
        place = key.rpartition(".")[0]
        mend = f"to open a value anew, delete it first: '~{place}' '+{place}={{{given}: ...}}'"
    if not names:
        return mend
    return f"allowed: {listing(names)}{nearest(given, names) or '; ' + mend}"


def clash(known: DictConfig, more: Any) -> tuple[str, str] | None:
    """What of a config cannot be merged into what is known: the dotted key, and why."""
    for key in more:
        try:
            known.copy().merge_with(DictConfig({key: more._get_node(key)}))
        except OmegaConfBaseException as error:
            below: Any = known._get_node(key) if key in known else None
            value = more._get_node(key)
            inner = clash(below, value) if _is_mapping(below) and _is_mapping(value) else None
            if inner:
                return f"{key}.{inner[0]}", inner[1]
            return str(key), _kinds(str(key), value, below) or in_words(error)
    return None


def _kinds(key: str, value: Any, known: Any) -> str:
    """That one is a mapping or a list, and the other is not."""
    plain = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    plain = getattr(plain, "_value", lambda: plain)()
    if isinstance(known, DictConfig):
        return f"is {masked(plain, key)!r}; it must be a mapping"
    return f"is {masked(plain, key)!r}; it must be a list" if isinstance(known, ListConfig) else ""


def _is_mapping(part: Any) -> bool:
    return isinstance(part, DictConfig) and not (part._is_none() or part._is_missing())
