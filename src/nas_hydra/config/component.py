"""Components: configs with a ``_target_``, checked against the signature of what they call."""

import inspect
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from nas_hydra.config.arguments import UNKNOWN, check_arguments, kinds_of, with_lists
from nas_hydra.config.foreign import check_foreign, find, permit, permit_found
from nas_hydra.config.instantiation import TargetError, instantiate
from nas_hydra.config.kind import check_kind, check_made, check_plain, part_of
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line, nearest, said

HINT = (
    "Python finds what is installed, what lies beside or within a folder given as --config-dir"
    " (config_dir= of the commands that open a run), and what is in a folder that is named before"
    " the command: PYTHONPATH=. nas-hydra ..."
)


@contextmanager
def importable(folders: Sequence[Path]) -> Iterator[None]:
    """For a while, these folders and those that they are in hold modules, after all others'.

    Worker processes know them too. A folder around them that everybody can write into, such as
    ``/tmp``, is left out.
    """
    known = [folder.absolute() for folder in folders]
    around = [folder.parent for folder in known if not _is_open_to_all(folder.parent)]
    more = [*dict.fromkeys(map(str, [*known, *around]))]
    sys.path.extend(more)
    try:
        yield
    finally:
        for place in more:
            with suppress(ValueError):  # somebody else has removed it
                sys.path.remove(place)


def _is_open_to_all(folder: Path) -> bool:
    """Whether any user of the machine can put a module into a folder."""
    return bool(folder.exists() and folder.stat().st_mode & stat.S_IWOTH)


def build(config: Mapping[str, Any], key: str, kind: Any = Any, **provided: Any) -> Any:
    """Check a component's config and instantiate it.

    Args:
        config: plain values with a ``_target_``.
        key: where the config stands, for messages.
        kind: what it must be: a class, a Protocol, or an annotation of them.
        provided: arguments that the program gives and no config does; given any, the target is
            called even if the config says ``_partial_``.

    Raises:
        ConfigError: if the target does not import or gives another kind, an argument is unknown,
            missing or of the wrong type, or the target itself refuses its arguments.
    """
    target = _target_of(config, key)
    check_foreign(config, key)
    check(config, key, provided, kind)
    made = _called(with_lists(config, target), key, provided)
    check_made(made, kind, key)
    return made


def build_function(
    config: Mapping[str, Any], key: str, kind: Any = Callable, given: str = "a candidate"
) -> Callable[[Any], Any]:
    """Check the config of something that will be called for every candidate, and build it.

    Args:
        config: plain values with a ``_target_``.
        key: where the config stands, for messages.
        kind: a ``Callable``, with what it must give.
        given: what it will be called with, in words.

    Raises:
        ConfigError: as ``build``, and if what was built cannot be called.
    """
    target = _target_of(config, key)
    if config.get("_partial_") is True and inspect.isbuiltin(target):
        problem = f"'{config['_target_']}' is built into Python, and knows nothing of {given}"
        raise ConfigError(f"{key}._target_", f"{problem}; name a function or class that does")
    found: Callable[[Any], Any] = build(config, key, kind)
    return found


def ask(function: Callable[[Any], Any], given: Any, key: str, named: str = "a candidate") -> Any:
    """What a function of the user's gives for a candidate, or what else is named.

    Raises:
        ConfigError: if it fails; what is raised on purpose goes on.
    """
    try:
        return function(given)
    except NasHydraError:
        raise
    except (Exception, SystemExit) as error:  # the user's own code may raise anything
        raise ConfigError(key, f"fails on {named}: {in_one_line(error)}") from error


def _target_of(config: Any, key: str) -> Callable[..., Any]:
    """What a component's config calls."""
    if not isinstance(config, Mapping):
        problem = f"is {config!r}; it must be a mapping that names what to call"
        raise ConfigError(key, f"{problem}: {{_target_: ..., ...}}")
    if "_target_" not in config:
        raise ConfigError(f"{key}._target_", "is missing; name the class or function to call")
    return locate(config["_target_"], f"{key}._target_")


def _called(config: Mapping[str, Any], key: str, provided: Mapping[str, Any]) -> Any:
    """What a component's config describes.

    Raises:
        ConfigError: whatever a target raises: it does not like its arguments.
    """
    try:
        return instantiate(config, **provided)
    except TargetError as error:
        if isinstance(error.__cause__, ConfigError):
            raise _placed(error.__cause__, key, error.place) from None
        place = f"{key}.{error.place}" if error.place else key
        raise ConfigError(place, _refusal(error)) from error


def _placed(error: ConfigError, key: str, place: str) -> ConfigError:
    """An error with the key that was typed: a task within another still calls its own task.loss."""
    part, dot, rest = error.key.partition(".")
    if not place.endswith(f".{part}"):
        return error
    return ConfigError(f"{key}.{place}{dot}{rest}", error.problem)


def _refusal(error: TargetError) -> str:
    """Why a target could not be called, in one line."""
    if error.__cause__ is None:
        return f"'{error.target}' {error.reason}"
    return f"{error.target} refuses its arguments: {in_one_line(error.__cause__)}"


def check(value: Any, key: str, provided: Mapping[str, Any] | None = None, kind: Any = Any) -> None:
    """Check every component in a plain config, this one and those inside it.

    Raises:
        ConfigError: as ``build``.
    """
    called = isinstance(value, Mapping) and "_target_" in value
    if not called and value is not UNKNOWN and part_of(kind) is Any:
        check_plain(value, kind, key)
    if isinstance(value, Mapping):
        kinds = check_call(value, key, provided or {}, kind) if called else {}
        for name, part in value.items():
            check(part, f"{key}.{name}", kind=kinds.get(name, Any if called else part_of(kind)))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            check(part, f"{key}.{index}", kind=part_of(kind))


def check_call(
    config: Mapping[str, Any], key: str, provided: Mapping[str, Any], kind: Any = Any
) -> Mapping[str, Any]:
    """Check one component's own arguments.

    An argument that is ``UNKNOWN``, or has such a part, is checked only by its name. If
    ``_args_`` as a whole is (its length is open), no argument counts as missing.

    Returns:
        Argument -> of which kind it must be, as far as that is known.

    Raises:
        ConfigError: as ``build``.
    """
    if config["_target_"] is UNKNOWN:
        return {}
    called = locate(config["_target_"], f"{key}._target_")
    check_kind(config, called, kind, key)
    check_arguments(config, called, key, provided)
    return kinds_of(called)


def locate(target: Any, key: str) -> Callable[..., Any]:
    """The class or function of a ``_target_``.

    Raises:
        ConfigError: if it does not import; the message says which part is not there. Or if it
            stands in a finished run, and is none that may be called, see ``foreign``.
    """
    if not isinstance(target, str) or not target:
        raise ConfigError(key, f"is {target!r}; it must be the dotted name of a class or function")
    permit(target, key)
    try:
        found = find(target)
    except Exception as error:  # a module may raise anything while it is imported
        raise ConfigError(key, f"'{target}' does not import: {_reason(target, error)}") from error
    if not callable(found):
        raise ConfigError(key, f"'{target}' is a {type(found).__name__}, which cannot be called")
    permit_found(target, found, key)
    return found  # type: ignore[no-any-return]  # what is callable is a Callable


def _reason(target: str, error: Exception) -> str:
    """Why a dotted name leads nowhere: the first part of it that does not, and why."""
    module, _, name = target.rpartition(".")
    if not isinstance(error, ImportError | AttributeError | ValueError):
        return in_one_line(error)
    if not module:
        return f"{said(error)}; {HINT}" if isinstance(error, ModuleNotFoundError) else said(error)
    try:
        home = resolve_name(module)
    except Exception as above:  # noqa: BLE001  it is reported one level up
        return _reason(module, above)
    try:
        import_module(target)
    except ModuleNotFoundError as missing:
        if missing.name != target:  # the module is there, but something that it imports is not
            return said(missing)
    except ImportError as inside:
        return said(inside)
    return f"{module} has no '{name}'{nearest(name, dir(home))}"
