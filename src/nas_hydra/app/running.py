"""An assembled search, run in its folder or read from it: the same for whoever begins it."""

import errno
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from nas_hydra.errors import SearchFailedError
from nas_hydra.files.small_file import make_folder, replace
from nas_hydra.front import Front
from nas_hydra.loop import Search
from nas_hydra.masking import masked, masked_file, masked_words
from nas_hydra.record.journal import exclusive
from nas_hydra.report.files import check_weights, read_own_summary
from nas_hydra.report.run_page import PAGE, RunPage
from nas_hydra.report.summary import agrees
from nas_hydra.run import Run
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchOutcome:
    """What a search found.

    Args:
        trials: in ask order.
        summary: what ``summary.json`` holds.
        earlier: whether it was finished before, so that nothing was searched.
    """

    trials: Sequence[Trial]
    summary: Mapping[str, Any]
    earlier: bool


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run's folder, which one process at a time does.

    Raises:
        SearchFailedError: if the operating system refuses what a search needs.
    """
    try:
        with exclusive(folder):
            yield
    except OSError as error:
        log.debug("the operating system refused", exc_info=True)
        raise SearchFailedError(_refusal(error, folder)) from error


def finish(search: Search, config: DictConfig) -> SearchOutcome:
    """Search until the budget is spent, or read what the folder's finished search found.

    Raises:
        NasHydraError: if it cannot go on, or no trial was completed.
    """
    budget = spent(search.run)
    summary = _known_summary(search) if search.record.finished(budget) else None
    if summary is not None:
        log.info("%s is finished already", search.run.folder)
        _add_page(search, summary)
        _check_best(search)
        return SearchOutcome(_finished_trials(search), summary, earlier=True)
    save_config(config, search.run.folder / ".hydra")
    summary = search()
    search.record.finish(budget)
    return SearchOutcome(search.told, summary, earlier=False)


def spent(run: Run) -> dict[str, Any]:
    """What a record notes of a budget, by which it is known again."""
    return {"trials": run.trials, **run.budget}


def _refusal(error: OSError, folder: Path) -> str:
    """Why the operating system ended a search, and how to go on."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        full = f"no space is left on the disk ({error})"
        return f"{full}; make room where {folder} is, and the same command goes on"
    return str(error)


def _add_page(search: Search, summary: Mapping[str, Any]) -> None:
    """Write the page of a finished search, if it is wanted and not there."""
    run = search.run
    page = next((tracker for tracker in search.trackers if isinstance(tracker, RunPage)), None)
    if page is None or (run.folder / PAGE).exists():
        return
    page.start(run)
    for trial in _finished_trials(search):
        search.front.add(trial)
        page.tell(trial, search.front, recorded=True)
    page.finish(summary, 0)


def _known_summary(search: Search) -> dict[str, Any] | None:
    """What the finished search wrote; None if its record tells something else."""
    summary = read_own_summary(search.run)
    if summary is None or agrees(summary, search.run, _finished_trials(search)):
        return summary
    log.warning("summary.json is not what the record tells, so it counts as missing")
    return None


def _check_best(search: Search) -> None:
    """Tell if the winner's weights are not those that the search has trained."""
    best = Front(search.run.objectives, _finished_trials(search)).best
    if best is not None:
        check_weights(search.run.folder / "best.ckpt", best)


def _finished_trials(search: Search) -> list[Trial]:
    """The trials of a finished search; its record has more if its budget was once larger."""
    most = search.run.trials
    return [trial for trial in search.record.trials if most is None or trial.number < most]


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
