"""Hydra's own errors, told like ours: the key, what was given, what is allowed."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra._internal.config_repository import IConfigRepository
from hydra.core.object_type import ObjectType
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.errors import ConfigError, NasHydraError, listing, nearest
from nas_hydra.search_space.syntax import OPENERS

SETTINGS = ("seed", "budget", "folder", "name", "report", "trial")
"""Keys at the top that are no groups."""


class ComposeError(ConfigError):
    """What Hydra cannot compose, or not begin a job with; none has begun."""


@contextmanager
def told(repository: IConfigRepository) -> Iterator[None]:
    """Whatever Hydra raises while it composes, as our error: the config is its cause."""
    try:
        yield
    except NasHydraError:
        raise
    except Exception as error:
        raise ComposeError("", explain(error, repository)) from error


def explain(error: Exception, repository: IConfigRepository | None = None) -> str:
    """What the user should change.

    Args:
        error: of Hydra's.
        repository: knows the groups, where keys may be misspelt.
    """
    if isinstance(error, RecursionError):
        return "the config is nested too deeply, or refers to itself"
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _missing_option(error, error.missing_cfg_file)
    if isinstance(error, OverrideParseException):
        return f"{error.override}: cannot be read as KEY=VALUE ({in_words(error)})"
    if isinstance(error, HydraException | OmegaConfBaseException):
        return (repository and _unknown_key(error, repository)) or _of_key(error)
    blocked = error if isinstance(error, OSError) else error.__cause__
    if isinstance(blocked, OSError) and isinstance(error, OSError | ValueError):
        return f"hydra.run.dir: cannot write there ({blocked}); choose another folder"
    return in_words(error)


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
    if not error.options:
        return f"{path}: there is no such config{place}"
    hint = nearest(given, error.options)
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


def in_words(error: BaseException) -> str:
    """The first line with words in it; an empty Hydra error speaks through its cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines and error.__cause__ is not None:
        return in_words(error.__cause__)
    if not lines:
        return type(error).__name__
    told = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    ours = isinstance(error, HydraException | OmegaConfBaseException | ValueError)
    return told if ours else f"{type(error).__name__}: {told}"
