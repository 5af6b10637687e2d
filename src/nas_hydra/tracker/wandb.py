"""Weights & Biases: one W&B run per search, online or offline, never with a prompt."""

import logging
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

import wandb
from wandb.sdk.mailbox import HandleAbandonedError, MailboxClosedError

from nas_hydra.front import Front
from nas_hydra.report.history import History, lineage, window
from nas_hydra.run import Run
from nas_hydra.tracker import wandb_rows as rows
from nas_hydra.tracker.account import (
    ONLINE,
    discreet,
    find_room,
    resolve_mode,
    run_settings,
    warm_up,
)
from nas_hydra.tracker.wandb_rows import Candidates, WandbPlace, wandb_place
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)

ARTIFACT_FILES = (
    *(".hydra/config.yaml", "journal.log"),
    *("best.yaml", "best.ckpt", "best.svg", "pareto.svg", "report.html"),
)

SHARE = 0.005
"""Of the search's time, what logging may take while it runs."""
MOST_WAITING = 1_000
"""Where more trials wait to be logged, only every second, third, ... is, and each new best."""
LOST = (wandb.Error, HandleAbandonedError, MailboxClosedError, ConnectionError, TimeoutError)
"""What W&B raises when its service has died, or its server took too long."""


class Pace:
    """Holds a side job to a share of the time since its beginning.

    Args:
        share: of the time, 0 to 1.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._began = perf_counter()
        self._spent = 0.0

    @property
    def due(self) -> bool:
        """Whether the job has taken no more than its share."""
        return self._spent <= self._share * (perf_counter() - self._began)

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count the time of a block as the job's."""
        began = perf_counter()
        try:
            yield
        finally:
            self._spent += perf_counter() - began


class WandbTracker:
    """Sends a search to Weights & Biases.

    A search that is faster than W&B is not held up: trials wait to be logged until logging has
    taken no more than ``SHARE`` of the time, at the latest until the end. The table of all trials
    has every trial in any case.

    Args:
        project: the W&B project.
        entity: the user or team that owns it; None for the account's own.
        mode: ``auto`` is online if there is an account and offline if not. The environment
            variable ``WANDB_MODE`` wins over this.
        tags: of the W&B run, beside strategy, space and dataset.
        candidates: whether every candidate has a W&B run of its own, too.

    Raises:
        ConfigError: if W&B refuses an argument, such as a project with a slash in its name.
    """

    def __init__(
        self,
        project: str,
        entity: str | None,
        mode: Literal["auto", "online", "offline"],
        tags: Sequence[str],
        candidates: bool,
    ) -> None:
        self._mode, self._tags = mode, tags
        self._settings = run_settings(project=project, entity=entity, run_tags=tuple(tags))
        self._wants_candidates = candidates
        self._trials: list[Trial] = []
        self._done = 0  # trials that were logged or passed over
        self._lost = False

    def start(self, run: Run) -> None:
        """Open the W&B run, the one of the earlier process if there was one."""
        self._search = run
        self._known = wandb_place(run.folder)
        self._wandb = self._open(self._begin_search)
        warm_up()
        self._wandb.define_metric("trial", hidden=True)
        self._wandb.define_metric("*", step_metric="trial")
        if run.partial:
            for one in run.objectives:  # by their names, which go before the pattern
                name = f"{rows.BY_EPOCHS}/{one.name}"
                self._wandb.define_metric(name, step_metric="cost/epochs")
        self._first = self._first_row()
        self._keep(self._first)
        self._history = History(run.objectives, window(run.config))
        self._candidates = Candidates(run, self._begin) if self._wants_candidates else None
        self._pace = Pace(SHARE)
        if self._wandb.url:
            log.info("W&B: %s", self._wandb.url)

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Take a trial in; log those that wait, as far as time allows."""
        self._trials.append(trial)
        if self._lost:
            return
        if self._candidates:
            self._candidates.add(trial, known=len(self._trials) <= self._first)
        if self._pace.due:
            with self._guarded():
                self._catch_up()

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """Log what waits; add the tables, the summary and the files.

        Any exit code but 0 marks the W&B run failed.
        """
        if self._lost:
            return
        with self._guarded():
            stride = self._stride
            while self._done < len(self._trials):
                self._advance(stride)
            self._add_tables()
            self._wandb.summary.update(rows.flat_summary(summary or {}))
            self._add_files(self._wandb)
            self._wandb.finish(exit_code=exit_code)
            self._keep(self._done)
            if self._candidates:
                self._candidates.finish()
        self._say_where()

    def _catch_up(self) -> None:
        while self._pace.due and self._done < len(self._trials):
            with self._pace.spending():
                self._advance(self._stride)

    def publish(
        self, run: Run, job: str, summary: Mapping[str, Any], files: Sequence[Path]
    ) -> None:
        """A W&B run of its own for what was made of a search, in the search's group."""
        self._search, self._known, self._candidates = run, None, None
        config = rows.config(run)
        self._wandb = self._open(
            lambda: self._begin("", job_type=job, name=run.name, config=config)
        )
        with self._guarded():
            self._wandb.summary.update(dict(summary))
            artifact = wandb.Artifact(f"{job}-{self._wandb.id}", type="model")
            for file in files:
                artifact.add_file(str(file))
            self._wandb.log_artifact(artifact)
            self._wandb.finish()
        self._say_where()

    def _say_where(self) -> None:
        if self._wandb.offline:
            log.info("W&B was offline; to upload this run: %s", self._sync_command("", "offline-"))

    def _open(self, begin: Callable[[], wandb.Run]) -> wandb.Run:
        find_room(self._search.folder)
        self._used = resolve_mode(self._mode)
        try:
            return begin()
        except (wandb.Error, TimeoutError) as error:
            if self._used not in ONLINE:
                raise
            log.warning("W&B does not answer, so this run is tracked offline: %s", error)
        wandb.teardown()  # the failed attempt still holds the run's id
        self._used = "offline"
        return begin()

    def _begin_search(self) -> wandb.Run:
        """Its first artifact is sent at once: W&B takes no first one while the network is away."""
        config = rows.config(self._search)
        begun = self._begin("", job_type="search", name=self._search.name, config=config)
        self._add_files(begun)
        return begun

    def _begin(self, suffix: str, **what: Any) -> wandb.Run:
        """Open a W&B run, whose id is the search's with a suffix."""
        search = self._search
        with discreet():
            return wandb.init(
                mode=self._used,
                dir=search.folder,
                id=self._known.id + suffix if self._known else None,
                resume="allow",
                reinit="create_new",  # the searches of a multirun share a process, not a W&B run
                group=search.group,
                tags=rows.tags(search, self._tags),
                settings=self._settings,
                **what,
            )

    def _first_row(self) -> int:
        """The first trial whose row W&B may not have: what its server says, else our own count."""
        if self._known is None or self._used in ONLINE:
            return self._wandb.starting_step
        return self._known.rows

    def _keep(self, rows: int) -> None:
        """Note in the folder which run it is, and of how many trials W&B has the rows."""
        if not self._wandb.disabled:
            self._known = WandbPlace(self._wandb.id, self._wandb.path, rows)
            self._known.write(self._search.folder)

    @property
    def _stride(self) -> int:
        return 1 + (len(self._trials) - self._done) // MOST_WAITING

    def _advance(self, stride: int) -> None:
        """Log the next trial, unless it is one of many that wait and nothing new.

        The step is the trial's place, so that the parts of a resumed run do not overlap.
        """
        place = self._done
        better = self._history.take(self._trials[place])
        self._done += 1
        last = self._done == len(self._trials)
        if place >= self._first and (better or last or place % stride == 0):
            search, moment = self._search, self._history.moment
            row = rows.history_row(moment, len(search.objectives) > 1, search.partial)
            self._wandb.log(row, step=place, commit=True)

    def _add_tables(self) -> None:
        """Not through log(): a row of their own would take the step of the next trial's."""
        search, trials = self._search, self._trials
        best = self._history.best
        line = lineage(best, trials) if best else []
        tables = {
            "trials": rows.trial_table(search, trials),
            "curves": rows.curve_table(trials),
            "lineage": rows.lineage_table(search, line),
        }
        for name, (columns, data) in tables.items():
            if data:
                table = wandb.Table(columns=[*columns], data=data, allow_mixed_types=True)
                self._wandb.summary[name] = table

    def _add_files(self, run: wandb.Run) -> None:
        """What the folder holds by now: config and record, and in the end the winner."""
        artifact = wandb.Artifact(f"search-{run.id}", type="search")
        for name in ARTIFACT_FILES:
            if (file := self._search.folder / name).exists():
                artifact.add_file(str(file))
        if artifact.manifest.entries:
            run.log_artifact(artifact)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """A search goes on without W&B, whose files can be sent later."""
        try:
            yield
        except LOST as error:
            self._lost = True
            if self._candidates:
                self._candidates.stop()
            log.warning(
                "W&B is lost, the search is not (%s: %s); to upload what W&B has: %s",
                *(type(error).__name__, error, self._sync_command("--no-skip-online ", "")),
            )

    def _sync_command(self, options: str, kind: str) -> str:
        """Covers every part of the run: a resumed one has several, and candidates their own."""
        folder = shlex.quote(str(Path(self._wandb.dir).parents[1]))
        return f"wandb sync {options}{folder}/{kind}run-*-{self._wandb.id}*"
