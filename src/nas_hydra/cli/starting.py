"""What ``hydra.main`` does: the flags of a command line, then its jobs, over our own loader."""

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from hydra import version
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode, TaskFunction
from omegaconf import DictConfig, OmegaConf

from nas_hydra.compose import CONF, PRIMARY, ComposeError, Composer, hydra_told
from nas_hydra.compose.loader import known
from nas_hydra.config.component import importable

FILES = {"nas-hydra.log", "nas-hydra-space.log", "multirun.yaml"}
"""What is written before it is known whether a config is right."""


class Folders:
    """Those that are not there before a command, so that they may go again.

    Attributes:
        root: of the command's only job, or of its sweep; None until that is known.
    """

    def __init__(self) -> None:
        self.root: Path | None = None
        self._earlier: set[Path] = set()

    def note(self, root: Path) -> None:
        """Look at what is there, before Hydra makes the root."""
        self.root = root
        self._earlier = {folder for folder in (root, *root.parents) if folder.exists()}
        if root.is_dir():
            self._earlier |= {*root.iterdir()}

    def drop(self, folder: Path) -> None:
        """Remove a folder if it is new and holds no more than ``FILES``, and its empty parents."""
        if not self._is_new(folder) or {*os.listdir(folder)} - FILES:
            return
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # the first that is not empty stays, and all above it
            for place in (folder, *folder.parents):
                if place in self._earlier:
                    break
                place.rmdir()

    def _is_new(self, folder: Path) -> bool:
        """Whether neither it nor, within the root, what it lies in was there."""
        within = {folder, *(place for place in folder.parents if self.root in place.parents)}
        return folder.is_dir() and not within & self._earlier


class Watched(Composer):
    """Hydra, with an eye on the folders.

    Args:
        folders: are told before the first job.
        given: what ``Composer`` takes.
    """

    def __init__(self, folders: Folders, *given: Any) -> None:
        super().__init__(*given)
        self._folders = folders

    def compose_config(self, *given: Any, **named: Any) -> DictConfig:
        """The config of a command."""
        config = super().compose_config(*given, **named)
        sweep = named["run_mode"] == RunMode.MULTIRUN
        tried = config.copy()
        with known(tried):
            root = OmegaConf.select(tried, "hydra.sweep.dir" if sweep else "hydra.run.dir")
        self._folders.note(Path(str(root)).absolute())
        return config


PLACES = ("hydra.run.dir=", "hydra.sweep.dir=")
"""Overrides that only name folders."""
KINDS = ("run", "multirun", "cfg", "info", "shell_completion", "hydra_help")
"""The flags that say what to do; at most one of them."""


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        raise ComposeError("", f"{message}; nas-hydra --help shows what can be said")


def parser() -> argparse.ArgumentParser:
    """Hydra's flags."""
    found = _Parser(parents=[get_args_parser()], add_help=False)
    found._option_string_actions["--version"].help = "Show the version of nas-hydra and exit"
    return found


def start(words: Sequence[str], job: TaskFunction, made: Folders) -> None:
    """Do what a command line says, which may be to run a job or several.

    Args:
        words: flags and overrides, in any order.
        job: is given the composed config.
        made: is told which folders are there before.

    Raises:
        ComposeError: if a flag or the config is wrong.
    """
    given = parser().parse_intermixed_args(words)
    kind = _kind(given)
    version.setbase("1.3")
    folders = [] if given.config_dir is None else [Path(given.config_dir)]
    hydra = Watched(made, folders, _place(given.config_path))
    name = given.config_name or PRIMARY
    try:
        # What Hydra says of its own settings is told too.
        with importable(folders), hydra_told(hydra.config_loader.repository):
            _do(kind, hydra, name, given, job)
    finally:
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = None  # which --cfg sets


def _do(kind: str, hydra: Hydra, name: str, given: argparse.Namespace, job: TaskFunction) -> None:
    match kind:
        case "cfg":
            _show(hydra, name, given)
        case "info":
            hydra.show_info(given.info, config_name=name, overrides=given.overrides)
        case "shell_completion":
            hydra.shell_completion(config_name=name, overrides=given.overrides)
        case "hydra_help":
            hydra.hydra_help(config_name=name, args_parser=parser(), args=given)
        case _:
            _run(hydra, name, given, kind, job)


def _kind(given: argparse.Namespace) -> str:
    kinds = [kind for kind in KINDS if getattr(given, kind)]
    flags = [f"--{kind.replace('_', '-')}" for kind in kinds]
    if len(kinds) > 1:
        raise ComposeError("", f"{' and '.join(flags)} exclude each other; leave one")
    if given.experimental_rerun is not None:
        raise ComposeError("--experimental-rerun", "is not known here; say hydra.run.dir=FOLDER")
    for name in ("resolve", "package"):
        if getattr(given, name) and kinds != ["cfg"]:
            raise ComposeError(f"--{name}", f"is a part of --cfg; say --cfg job --{name}")
    return kinds[0] if kinds else "run"


def _place(config_path: str | None) -> str:
    """Where the primary config is: as with Hydra, a folder of one's own may take ours' place."""
    if config_path is None or "://" in config_path:
        return config_path or CONF
    return f"file://{Path(config_path).absolute()}"


def _show(hydra: Hydra, name: str, given: argparse.Namespace) -> None:
    try:
        hydra.show_cfg(name, given.overrides, given.cfg, given.package, given.resolve)
    except SystemExit:  # Hydra has no other word for it, and has printed what is wrong
        raise ComposeError("--package", f"there is no '{given.package}' in the config") from None


def _run(hydra: Hydra, name: str, given: argparse.Namespace, kind: str, job: TaskFunction) -> None:
    overrides, mode = given.overrides, RunMode.RUN
    if kind == "multirun":
        mode = RunMode.MULTIRUN
    elif _may_say_mode(given):  # Hydra composes everything to find out
        mode = hydra.get_mode(name, overrides)
    if mode == RunMode.MULTIRUN:
        with _writing("hydra.sweep.dir"):
            hydra.multirun(name, job, [*overrides, "hydra.mode=MULTIRUN"])
    else:
        with _writing("hydra.run.dir"):
            hydra.run(name, job, [*overrides, "hydra.mode=RUN"])


def _may_say_mode(given: argparse.Namespace) -> bool:
    """Whether something of the user's may set ``hydra.mode``; our own config does not."""
    places = given.config_dir, given.config_path, given.config_name
    words = [word for word in given.overrides if not word.startswith(PLACES)]
    return any(places) or any("hydra" in word for word in words)


@contextmanager
def _writing(key: str) -> Iterator[None]:
    """Where Hydra cannot make a job's folder or its log, it says so in many ways."""
    try:
        yield
    except (OSError, ValueError) as error:
        blocked = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(blocked, OSError):
            raise
        problem = f"cannot write there ({blocked}); choose another folder"
        raise ComposeError(key, problem) from error
