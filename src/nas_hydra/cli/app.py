"""One search per job: what Hydra calls, and how errors become messages and exit codes."""

import errno
import logging
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from nas_hydra.assemble import assemble
from nas_hydra.cli.folders import Folders
from nas_hydra.cli.starting import start
from nas_hydra.compose import ComposeError
from nas_hydra.errors import (
    ConfigError,
    NasHydraError,
    SearchFailedError,
    UnforeseenError,
    exit_code,
    in_one_line,
    tell,
)
from nas_hydra.front import Front
from nas_hydra.loop import Search
from nas_hydra.masking import masked, masked_file, masked_words
from nas_hydra.origin import naming_origin
from nas_hydra.override import override
from nas_hydra.record.lock import exclusive
from nas_hydra.report.files import read_own_summary
from nas_hydra.report.run_page import PAGE, RunPage
from nas_hydra.report.summary import agrees
from nas_hydra.report.winners import check_weights
from nas_hydra.run import parted
from nas_hydra.small_file import make_folder, replace
from nas_hydra.tracker.terminal import ConsoleHandler, at_work, show
from nas_hydra.trial import Trial
from nas_hydra.warned import said_once

log = logging.getLogger(__name__)

READING = "reading the config and the data, and trying one candidate"
"""What goes on before a search begins."""


def run() -> int:
    """Compose, search and return the exit code."""
    return launch(sys.argv[1:], search_in_folder)


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
        if is_sweep():
            hush()
        try:
            return attempt(work, config)
        except NasHydraError as error:
            log.debug("error: %s", error)
            tell(error)  # whatever the user has made of the logging
            failures.append(error)
            if is_refusal(error):
                folders.drop(Path(HydraConfig.get().runtime.output_dir))
            if is_told_of_failures():
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
        if failures and folders.root is not None and all(map(is_refusal, failures)):
            folders.drop(folders.root)
    return exit_code(failures[0]) if failures else 0


def is_refusal(error: NasHydraError) -> bool:
    """Whether nothing was done, since the config is wrong."""
    return isinstance(error, ConfigError)


def attempt(work: Callable[[DictConfig], float | None], config: DictConfig) -> float | None:
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


def is_told_of_failures() -> bool:
    """Whether the error should go on to Hydra, which keeps it for the end of a batch of jobs.

    A launcher that works elsewhere cannot tell us otherwise, and a sweeper that learns from values
    has to know which are missing. Hydra's own would only end the sweep without its last steps.
    """
    hydra_config = HydraConfig.get()
    choices = hydra_config.runtime.choices
    own = {choices.get(f"hydra/{part}") for part in ("launcher", "sweeper")}
    return is_sweep() and own != {"basic"}


def search_in_folder(config: DictConfig) -> float | None:
    """One search, alone in its folder.

    Raises:
        NasHydraError: if it cannot begin or go on.
    """
    folder = Path(HydraConfig.get().runtime.output_dir)
    try:
        with exclusive(folder):
            return search(config, folder)
    except OSError as error:
        log.debug("the operating system refused", exc_info=True)
        raise SearchFailedError(refusal(error, folder)) from error


def refusal(error: OSError, folder: Path) -> str:
    """Why the operating system ended a search, and how to go on."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        full = f"no space is left on the disk ({error})"
        return f"{full}; make room where {folder} is, and the same command goes on"
    return str(error)


def search(config: DictConfig, folder: Path) -> float | None:
    """Search, or say that this run is finished.

    Returns:
        The best value of the objective; of several, the hypervolume.
    """
    with at_work(READING, brief=is_sweep()):
        search = assemble(config, dict(HydraConfig.get().runtime.choices), group(folder), command())
    budget = {"trials": search.run.trials}
    summary = known_summary(search) if search.record.finished(budget) else None
    if summary is not None:
        log.info("%s is finished already", folder)
        add_page(search)
        check_best(search)
        show(search.run, summary, earlier=True)
    else:
        save_config(config, folder / ".hydra")
        summary = search()
        search.record.finish(budget)
    if len(search.run.objectives) > 1:
        return float(summary["hypervolume"])
    return float(summary["best"]["values"][search.run.objectives[0].name])


def add_page(search: Search) -> None:
    """Write the page of a finished search, if it is wanted and not there."""
    run = search.run
    page = next((tracker for tracker in search.trackers if isinstance(tracker, RunPage)), None)
    if page is None or (run.folder / PAGE).exists():
        return
    page.start(run)
    for trial in finished_trials(search):
        search.front.add(trial)
        page.tell(trial, search.front, recorded=True)
    page.finish({}, 0)


def known_summary(search: Search) -> dict[str, Any] | None:
    """What the finished search wrote; None if its record tells something else."""
    summary = read_own_summary(search.run)
    if summary is None or agrees(summary, search.run, finished_trials(search)):
        return summary
    log.warning("summary.json is not what the record tells, so it counts as missing")
    return None


def check_best(search: Search) -> None:
    """Tell if the winner's weights are not those that the search has trained."""
    best = Front(search.run.objectives, finished_trials(search)).best
    if best is not None:
        check_weights(search.run.folder / "best.ckpt", best)


def finished_trials(search: Search) -> list[Trial]:
    """The trials of a finished search; its record has more if its budget was once larger."""
    return [trial for trial in search.record.trials if trial.number < search.run.trials]


def group(folder: Path) -> str:
    """The sweep's name, or the run's own outside one."""
    return Path(HydraConfig.get().sweep.dir).name if is_sweep() else folder.name


def is_sweep() -> bool:
    """Whether the job is one of several."""
    return bool(HydraConfig.get().mode == RunMode.MULTIRUN)


def hush() -> None:
    """Of a sweep's searches, the terminal tells warnings; the log of each tells all."""
    for handler in logging.root.handlers:
        if isinstance(handler, ConsoleHandler):
            handler.setLevel(logging.WARNING)


def command() -> str:
    """What to type to go on with this run, or with the sweep that it is part of."""
    hydra_config, sweep = HydraConfig.get(), is_sweep()
    key = "hydra.sweep.dir" if sweep else "hydra.run.dir"
    folder = hydra_config.sweep.dir if sweep else hydra_config.runtime.output_dir
    flags, overrides = parted(sys.argv[1:])
    kept = masked_words(word for word in overrides if not word.startswith(f"{key}="))
    return shlex.join(["nas-hydra", *flags, override(key, folder), *kept])


def save_config(config: DictConfig, place: Path) -> None:
    """The config as Hydra itself writes it, but without secrets, and each file in one step."""
    make_folder(place)
    given: Any = OmegaConf.to_container(HydraConfig.get())
    own = masked(given)
    words = masked_words(given["overrides"]["task"])
    own["overrides"]["task"] = words
    own["job"]["override_dirname"] = masked_words([str(given["job"]["override_dirname"])])[0]
    plain: Any = OmegaConf.to_container(config)
    parts: dict[str, Any] = {
        "config.yaml": masked_file(plain),
        "hydra.yaml": {"hydra": own},
        "overrides.yaml": words,
    }
    for name, part in parts.items():
        replace(place / name, OmegaConf.to_yaml(OmegaConf.create(part)))
