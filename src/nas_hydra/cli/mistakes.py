"""Hydra's own errors, told like ours: the key, what was given, what is allowed."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.cli.groups import groups
from nas_hydra.errors import ConfigError, NasHydraError, listing, nearest
from nas_hydra.search_space.syntax import OPENERS


def explain(error: Exception) -> str | None:
    """What the user should change; None if the error is none of the user's making."""
    if isinstance(error, MissingConfigException) and error.options:
        return _missing_option(error, error.options)
    if isinstance(error, OverrideParseException):
        return f"{error.override}: cannot be read as KEY=VALUE ({_first_line(error)})"
    if isinstance(error, HydraException | OmegaConfBaseException):
        return _unknown_key(error) or _first_line(error)
    blocked = error if isinstance(error, OSError) else error.__cause__
    if isinstance(blocked, OSError) and isinstance(error, OSError | ValueError):
        return f"hydra.run.dir: cannot write there ({blocked}); choose another folder"
    return None


@contextmanager
def told() -> Iterator[None]:
    """Hydra's errors as ours."""
    try:
        yield
    except NasHydraError:
        raise
    except Exception as error:
        message = explain(error)
        if message is None:
            raise
        raise ConfigError("", message) from error


def _missing_option(error: MissingConfigException, options: Sequence[str]) -> str:
    group, _, given = (error.missing_cfg_file or "").rpartition("/")
    hint = nearest(given, options)
    return f"{group}: there is no option '{given}'; allowed: {listing(options)}{hint}"


def _unknown_key(error: Exception) -> str | None:
    """For an override of a key or group that does not exist: the nearest one that does."""
    found = re.match(r"Could not (?:override|delete) '~?([^'=]+)", str(error))
    if not found:
        return None
    parent = getattr(error.__cause__, "parent_node", None)
    key = str(getattr(error.__cause__, "full_key", None) or found[1])
    given = key.rpartition(".")[2]
    if not isinstance(parent, DictConfig) or "." not in key:
        names = [*(name for name in groups() if "/" not in name), "seed", "budget", "folder"]
        return f"{key}: there is no such key; allowed: {listing(names)}{nearest(given, names)}"
    names = [str(name) for name in parent]
    mend = f"; to add it all the same: +{key}=VALUE"
    if given in OPENERS:
        place = key.rpartition(".")[0]
        mend = f"; to open a value anew, delete it first: '~{place}' '+{place}={{{given}: ...}}'"
    return f"{key}: there is no such key; allowed: {listing(names)}{nearest(given, names) or mend}"


def _first_line(error: Exception) -> str:
    """The first line with words in it; an empty Hydra error speaks through its cause."""
    text = str(error).strip() or str(error.__cause__ or type(error).__name__).strip()
    return text.splitlines()[0]
