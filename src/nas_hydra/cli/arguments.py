"""What a command is told, and what ``--help`` says of it.

Commands that compose nothing have words, ``name=value``, checked against a model.
"""

import argparse
import shlex
from collections.abc import Callable, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import NamedTemporaryFile
from traceback import format_exception
from typing import Annotated, Any, TypeVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from rich.console import Console
from rich.table import Table

from nas_hydra.config.component import importable
from nas_hydra.errors import (
    ConfigError,
    NasHydraError,
    UnforeseenError,
    exit_code,
    in_one_line,
    listing,
    nearest,
    tell,
)
from nas_hydra.masking import masked, masked_words


class Words(BaseModel):
    """What can be said to a command. A field's description is what the help says of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(text: str | None) -> list[str]:
    """The names in ``[a, b]`` or ``a,b``."""
    names = (text or "").strip("[]").split(",")
    return [name.strip() for name in names if name.strip()]


def _resolved(text: str | None) -> Any:
    """What the user writes may refer to the user's environment."""
    try:
        return OmegaConf.create({"given": text})["given"]
    except OmegaConfBaseException as error:
        raise ValueError(str(error).splitlines()[0]) from error


class ForeignWords(Words):
    """What can be said to a command that opens a finished run or model, perhaps a stranger's."""

    trust: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (), description="modules whose classes may be used: [my_package]; else only known ones"
    )
    config_dirs: Annotated[tuple[Path, ...], BeforeValidator(_listed)] = Field(
        (),
        alias="config_dir",
        description="a folder of your own, as --config-dir: modules beside and within it are found",
    )


class RecordWords(ForeignWords):
    """The same, where the record of a search is read."""

    url: Annotated[str | None, BeforeValidator(_resolved)] = Field(
        None,
        alias="record.storage.url",
        description="where the record is, if it is on a server; none is connected to else",
    )


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
        print(about + "\n" + "\n".join(described_words(kind)))
        return 0
    return attempt(lambda: _work(work, *read_words(argv[1:], kind)))


def _work(work: Callable[[W, Sequence[str]], None], said: W, rest: Sequence[str]) -> None:
    with importable(getattr(said, "config_dirs", ())):
        work(said, rest)


def attempt(work: Callable[[], None]) -> int:
    """Do a command's work, tell what stops it in one message, and return the exit code."""
    try:
        work()
    except KeyboardInterrupt as error:
        return exit_code(error)
    except (NasHydraError, OSError) as error:
        return tell(error)
    except Exception as error:  # noqa: BLE001  a fault of ours; it is told, and its traceback kept
        return tell(_unforeseen(error))
    return 0


def _unforeseen(error: Exception) -> UnforeseenError:
    """A fault of this package; its traceback goes to a file, since such a command has no log."""
    with NamedTemporaryFile(
        "w", prefix="nas-hydra-", suffix=".log", delete=False, errors="backslashreplace"
    ) as log:
        log.writelines(format_exception(error))
    problem = f"{in_one_line(error)}; nobody foresaw this: please report it, with {log.name}"
    return UnforeseenError(problem)


def described_words(kind: type[Words]) -> list[str]:
    """The help's line for each name."""
    width = max(map(len, _spoken(kind))) + 2
    fields = kind.model_fields.values()
    return [
        f"  {name + '=':<{width}}{field.description}"
        for name, field in zip(_spoken(kind), fields, strict=True)
    ]


def _spoken(kind: type[Words]) -> list[str]:
    """The names as they are typed."""
    return [field.alias or name for name, field in kind.model_fields.items()]


def typed(program: str, words: Sequence[str]) -> str:
    """A command as it was typed, but for secrets, to be shown."""
    return shlex.join([program, *masked_words(words)])


def read_words(words: Sequence[str], kind: type[W]) -> tuple[W, list[str]]:
    """The values that were given by name, checked, and all other words.

    Raises:
        ConfigError: if one is missing or wrong.
    """
    named, rest, known = {}, [], _spoken(kind)
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name in known:
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
        given = masked(named[name], name)
        raise ConfigError(name, f"is '{given}'; {_lowered(first['msg'])}") from None


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def unknown(word: str, kind: type[Words], more: Sequence[str] = ()) -> ConfigError:
    """A word that the command does not know, and those that it does."""
    name = word.split("=", 1)[0]
    allowed = [*_spoken(kind), *more]
    return ConfigError(
        name,
        f"is nothing that can be said here; allowed: {listing(allowed)}{nearest(name, allowed)}",
    )


ROOTS: tuple[Traversable, ...] = (files("nas_hydra.conf"),)


def groups(more: Sequence[Path] = ()) -> dict[str, dict[str, str]]:
    """Group -> option -> the first comment line of its file.

    Args:
        more: further config folders, as given by ``--config-dir``.
    """
    found: dict[str, dict[str, str]] = {}
    for root in (*ROOTS, *more):
        _collect(root, "", found)
    found.pop("", None)
    return {group: dict(sorted(options.items())) for group, options in sorted(found.items())}


def _collect(folder: Traversable, group: str, found: dict[str, dict[str, str]]) -> None:
    for entry in folder.iterdir():
        below = f"{group}/{entry.name}".lstrip("/")
        if entry.is_dir() and not entry.name.startswith(("_", ".")) and below != "hydra":
            _collect(entry, below, found)
        elif entry.name.endswith(".yaml"):
            option = entry.name.removesuffix(".yaml")
            found.setdefault(group, {})[option] = _purpose(entry)


def _purpose(file: Traversable) -> str:
    """What a config file is for: its first comment line."""
    first = file.read_bytes().decode(errors="replace").splitlines()[:1]
    return first[0].removeprefix("#").strip() if first and first[0].startswith("#") else ""


USAGE = """\
[bold]nas-hydra[/] \\[OVERRIDES]   search for a network: a config with choices left open

  nas-hydra                                        evolution over a small convolutional space
  nas-hydra dataset=fashion_mnist budget.trials=50
  nas-hydra -m strategy=evolution,random seed=0,1,2,3,4,5,6   a sweep: one search each
  nas-hydra 'optimizer.lr={_float_:{low:1e-3,high:1e-1,log:true}}'   open any value
  nas-hydra evaluator=tabular evaluator.table=FILE evaluator.value=COLUMN   search a table
  nas-hydra hydra.run.dir=FOLDER                   name the run's folder; again: go on with it
"""
SIBLINGS = {
    "nas-hydra-new": "what a file or a folder seems to hold, and the line to start with",
    "nas-hydra-space": "what a search could choose from, before anything is trained",
    "nas-hydra-retrain": "train a search's winner to the end, and test it",
    "nas-hydra-predict": "say what a retrained network says of files",
    "nas-hydra-export": "write a retrained network as ONNX, Python code and others",
    "nas-hydra-explain": "why a search's winner won",
    "nas-hydra-compare": "searches side by side, with statistics",
}
SETTINGS = {
    "seed=0": "of the strategy",
    "budget.trials=30": "how many candidates are proposed",
    "budget.repeats=0": "how often a known candidate may be evaluated again when proposed again",
    "GROUP.KEY=VALUE": "any key of a group's file, for example strategy.population_size=20",
}
FLAGS = {
    "-m": "run a sweep over values with commas",
    "--config-dir DIR": "add your own options: DIR/search_space/mine.yaml is search_space=mine",
    "--cfg job": "print the composed config and stop",
    "--version": "of nas-hydra; every command knows it",
    "--hydra-help": "Hydra's own flags",
}


def show_help(arguments: Sequence[str]) -> None:
    """Print the help, with the options of a ``--config-dir`` among the others."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config-dir", "-cd", type=Path)
    given, _ = parser.parse_known_args(arguments)
    console = Console(highlight=False)
    console.print(USAGE, soft_wrap=True)
    for group, options in groups([given.config_dir] if given.config_dir else []).items():
        _section(console, f"{group}=", options)
    _section(console, "settings", SETTINGS)
    _section(console, "flags", FLAGS)
    _section(console, "other commands, each with --help", SIBLINGS)


def _section(console: Console, title: str, rows: dict[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=20)
    for name, text in rows.items():
        table.add_row(f"  {name}", text)
    console.print(f"[bold]{title}[/]")
    console.print(table)
