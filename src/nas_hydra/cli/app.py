"""One search per job: what Hydra calls, and how errors become messages and exit codes."""

import logging
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from nas_hydra.app.assemble import assemble
from nas_hydra.app.running import finish, locked
from nas_hydra.cli.starting import Folders, start
from nas_hydra.compose import ComposeError
from nas_hydra.config.interpolation import naming_origin
from nas_hydra.errors import (
    ConfigError,
    NasHydraError,
    UnforeseenError,
    exit_code,
    in_one_line,
    tell,
)
from nas_hydra.masking import masked_words
from nas_hydra.process.warned import said_once
from nas_hydra.run import parted
from nas_hydra.shell import override
from nas_hydra.tracker.terminal import ConsoleHandler, at_work, show

log = logging.getLogger(__name__)

READING = "reading the config and the data, and trying one candidate"
"""What goes on before a search begins."""


def run() -> int:
    """Compose, search and return the exit code."""
    return launch(sys.argv[1:], _search_in_folder)


def launch(words: Sequence[str], work: Callable[[DictConfig], float | None]) -> int:
    """Compose the config, do a job's work on it and return the exit code.

    Args:
        words: what was typed: flags and overrides.
        work: is given the composed config, in a job of Hydra's; what it returns lets any Hydra
            sweeper optimise the settings.
    """
    failures: list[NasHydraError] = []
    folders = Folders()

    def job(config: DictConfig) -> float | None:
        if _is_sweep():
            _hush()
        try:
            return _do_job(work, config)
        except NasHydraError as error:
            log.debug("error: %s", error)
            tell(error)  # whatever the user has made of the logging
            failures.append(error)
            if _is_refusal(error):
                folders.drop(Path(HydraConfig.get().runtime.output_dir))
            if _is_told_of_failures():
                raise
        return None

    try:
        start(words, job, folders)
    except ComposeError as error:
        failures.append(error)
        return tell(error)
    except (NasHydraError, KeyboardInterrupt) as error:  # its job has told it
        return exit_code(error)
    finally:
        if failures and folders.root is not None and all(map(_is_refusal, failures)):
            folders.drop(folders.root)
    return exit_code(failures[0]) if failures else 0


def _is_refusal(error: NasHydraError) -> bool:
    """Whether nothing was done, since the config is wrong."""
    return isinstance(error, ConfigError)


def _do_job(work: Callable[[DictConfig], float | None], config: DictConfig) -> float | None:
    """Do a job's work; a fault that nobody foresaw is told in one line.

    Raises:
        NasHydraError: if it cannot be done.
    """
    try:
        with naming_origin(config), said_once():
            return work(config)
    except NasHydraError:
        raise
    except RecursionError as error:
        raise ConfigError("the config", "is nested too deeply, or refers to itself") from error
    except Exception as error:
        place = HydraConfig.get().runtime.output_dir
        log.debug("unforeseen", exc_info=True)
        raise UnforeseenError(
            f"{in_one_line(error)}; nobody foresaw this: please report it, with the log in {place}"
        ) from error


def _is_told_of_failures() -> bool:
    """Whether the error should go on to Hydra, which keeps it for the end of a batch of jobs.

    A launcher that works elsewhere cannot tell us otherwise, and a sweeper that learns from values
    has to know which are missing. Hydra's own would only end the sweep without its last steps.
    """
    hydra_config = HydraConfig.get()
    choices = hydra_config.runtime.choices
    own = {choices.get(f"hydra/{part}") for part in ("launcher", "sweeper")}
    return _is_sweep() and own != {"basic"}


def _search_in_folder(config: DictConfig) -> float | None:
    """One search, alone in its folder.

    Returns:
        The best value of the objective; of several, the hypervolume.

    Raises:
        NasHydraError: if it cannot begin or go on.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    with locked(folder):
        with at_work(READING, brief=_is_sweep()):
            choices = dict(HydraConfig.get().runtime.choices)
            search = assemble(config, choices, group(folder), _resuming())
        found = finish(search, config)
        if found.earlier:
            show(search.run, found.summary, earlier=True)
    if len(search.run.objectives) > 1:
        return float(found.summary["hypervolume"])
    return float(found.summary["best"]["values"][search.run.objectives[0].name])


def group(folder: Path) -> str:
    """The sweep's name, or the run's own outside one."""
    return Path(HydraConfig.get().sweep.dir).name if _is_sweep() else folder.name


def _is_sweep() -> bool:
    """Whether the job is one of several."""
    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def _hush() -> None:
    """Of a sweep's searches, the terminal tells warnings; the log of each tells all."""
    for handler in logging.root.handlers:
        if isinstance(handler, ConsoleHandler):
            handler.setLevel(logging.WARNING)


def _resuming() -> str:
    """What to type to go on with this run, or with the sweep that it is part of."""
    hydra_config, sweep = HydraConfig.get(), _is_sweep()
    key = "hydra.sweep.dir" if sweep else "hydra.run.dir"
    folder = hydra_config.sweep.dir if sweep else hydra_config.runtime.output_dir
    flags, overrides = parted(sys.argv[1:])
    kept = masked_words(word for word in overrides if not word.startswith(f"{key}="))
    return shlex.join(["nas-hydra", *flags, override(key, folder), *kept])
