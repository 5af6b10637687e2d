"""Commands that compose nothing: their words are ``name=value``, checked against a model."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from nas_hydra.errors import ConfigError, NasHydraError, exit_code, listing, nearest, tell


class Words(BaseModel):
    """What can be said to a command. A field's description is what the help says of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


W = TypeVar("W", bound=Words)


def command(
    argv: Sequence[str], about: str, kind: type[W], work: Callable[[W, Sequence[str]], None]
) -> int:
    """Read a command's words, do its work, and return the exit code.

    Args:
        argv: the program's name, then what was typed.
        about: the first lines of the help.
        kind: which names it knows.
        work: is given what was said, and the words that are no ``name=value`` of its own.
    """
    if {"-h", "--help"} & set(argv[1:]):
        print(about + "\n" + "\n".join(described(kind)))
        return 0
    try:
        work(*read(argv[1:], kind))
    except KeyboardInterrupt as error:
        return exit_code(error)
    except (NasHydraError, OSError) as error:
        return tell(error)
    return 0


def described(kind: type[Words]) -> list[str]:
    """The help's line for each name."""
    width = max(map(len, kind.model_fields)) + 2
    return [
        f"  {name + '=':<{width}}{field.description}" for name, field in kind.model_fields.items()
    ]


def read(words: Sequence[str], kind: type[W]) -> tuple[W, list[str]]:
    """The values that were given by name, checked, and all other words.

    Raises:
        ConfigError: if one is missing or wrong.
    """
    named, rest = {}, []
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name in kind.model_fields:
            named[name] = value
        else:
            rest.append(word)
    try:
        return kind.model_validate({name: value or None for name, value in named.items()}), rest
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if first["type"] == "missing":
            raise ConfigError(name, f"is missing; say {name}=...") from None
        raise ConfigError(name, f"is '{named[name]}'; {_lowered(first['msg'])}") from None


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def unknown(word: str, kind: type[Words], more: Sequence[str] = ()) -> ConfigError:
    """A word that the command does not know, and those that it does."""
    name = word.split("=", 1)[0]
    allowed = [*kind.model_fields, *more]
    return ConfigError(
        name,
        f"is nothing that can be said here; allowed: {listing(allowed)}{nearest(name, allowed)}",
    )
