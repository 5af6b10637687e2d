"""Weights & Biases: one W&B run per search, online or offline, never with a prompt."""

import logging
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import wandb
from pydantic import ValidationError
from wandb.errors import AuthenticationError, CommError, UsageError

from nas_hydra.errors import ConfigError
from nas_hydra.front import Front
from nas_hydra.run import Run
from nas_hydra.trial import Trial

Mode = Literal["online", "offline", "disabled", "shared"]

log = logging.getLogger(__name__)

ID_FILE = "wandb_id.txt"
"""In the run's folder: the id of its W&B run, so that a resumed search continues it."""
ARTIFACT_FILES = ("best.yaml", "pareto.svg", "journal.log")
ONLINE = {"online", "run", "shared"}
"""The modes that need an account; ``run`` is W&B's old word for online."""
INIT_SECONDS = 30
"""How long W&B may take to answer before the search goes on offline."""


class WandbTracker:
    """Sends a search to Weights & Biases.

    Args:
        project: the W&B project.
        entity: the user or team that owns it; None for the account's own.
        mode: ``auto`` is online if there is an account and offline if not. The environment
            variable ``WANDB_MODE`` wins over this.
        tags: of the W&B run.

    Raises:
        ConfigError: if W&B refuses an argument, such as a project with a slash in its name.
    """

    def __init__(
        self,
        project: str,
        entity: str | None,
        mode: Literal["auto", "online", "offline"],
        tags: Sequence[str],
    ) -> None:
        self._mode = mode
        self._settings = run_settings(project=project, entity=entity, run_tags=tuple(tags))
        self._trials: list[Trial] = []
        self._totals: dict[str, float] = {}

    def start(self, run: Run) -> None:
        """Open the W&B run, the one of the earlier process if there was one."""
        self._search = run
        self._continued = (run.folder / ID_FILE).exists()
        self._wandb = self._open(run)
        self._wandb.define_metric("trial", hidden=True)
        self._wandb.define_metric("*", step_metric="trial")
        if not self._wandb.disabled:
            (run.folder / ID_FILE).write_text(f"{self._wandb.id}\n")
        if self._wandb.url:
            log.info("W&B: %s", self._wandb.url)

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Log a trial, unless an earlier process has; count it in any case."""
        self._trials.append(trial)
        self._totals = {
            name: self._totals.get(name, 0) + amount for name, amount in amounts(trial).items()
        }
        if not (recorded and self._continued):
            # The step is the trial's number, so that the parts of a resumed run do not overlap.
            row = history_row(trial, front) | self._totals
            if len(self._search.objectives) > 1:
                row |= {"hypervolume": front.hypervolume, "front/size": len(front.members)}
            self._wandb.log(row, step=trial.number, commit=True)

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """Add the table, the summary and the files; any exit code but 0 marks the run failed."""
        # Not through log(): a row of its own would take the step of the next trial after a resume.
        self._wandb.summary["trials"] = trial_table(self._search, self._trials)
        self._wandb.summary.update(flat_summary(summary or {}))
        self._log_files()
        self._wandb.finish(exit_code=exit_code)
        if self._wandb.offline:
            log.info("W&B was offline; to upload this run: %s", self._sync_command())

    def _open(self, run: Run) -> wandb.Run:
        mode = resolve_mode(self._mode)
        try:
            return self._init(run, mode)
        except (CommError, UsageError, TimeoutError) as error:
            if mode not in ONLINE:
                raise
            log.warning("W&B does not answer, so this run is tracked offline: %s", error)
        wandb.teardown()  # the failed attempt still holds the run's id
        return self._init(run, "offline")

    def _init(self, run: Run, mode: Mode) -> wandb.Run:
        return wandb.init(
            mode=mode,
            dir=run.folder,
            id=known_id(run.folder),
            resume="allow",
            reinit="create_new",  # the searches of a multirun share a process, not a W&B run
            name=run.name,
            group=run.group,
            job_type="search",
            config=dict(run.config),
            settings=self._settings,
        )

    def _log_files(self) -> None:
        files = [self._search.folder / name for name in ARTIFACT_FILES]
        artifact = wandb.Artifact(f"search-{self._wandb.id}", type="search")
        for file in files:
            if file.exists():
                artifact.add_file(str(file))
        if artifact.manifest.entries:
            self._wandb.log_artifact(artifact)

    def _sync_command(self) -> str:
        """Covers every offline part of the run: a resumed one has several."""
        folder = Path(self._wandb.dir).parents[1]
        return f"wandb sync {shlex.quote(str(folder))}/offline-run-*-{self._wandb.id}"


def run_settings(**given: Any) -> wandb.Settings:
    """W&B stays off the terminal, which is the search's, and takes no code with it."""
    try:
        return wandb.Settings(
            silent=True,
            console="off",
            save_code=False,
            disable_code=True,
            init_timeout=INIT_SECONDS,
            **given,
        )
    except ValidationError as error:
        raise ConfigError("tracker", error.errors()[0]["msg"]) from error
    except UsageError as error:
        raise ConfigError("tracker.project", str(error)) from error


def resolve_mode(asked: str) -> Mode:
    """The mode for ``wandb.init``; an online one only where no prompt for a key can follow."""
    configured = wandb.setup(wandb.Settings(silent=True)).settings.mode
    if os.environ.get("WANDB_MODE") or asked == "auto":
        asked = configured  # by the environment, by `wandb offline`, or W&B's default: online
    return "offline" if asked in ONLINE and not has_account() else cast(Mode, asked)


def has_account() -> bool:
    """Whether W&B finds an API key (environment, settings, netrc); asks neither user nor server."""
    try:
        found = wandb.login(prompt=False, verify=False)
    except AuthenticationError as error:
        log.warning("W&B: %s", error)
        return False
    if not found:
        log.info("W&B: no account found, so this run is tracked offline (`wandb login` adds one)")
    return found


def known_id(folder: Path) -> str | None:
    """The id of the W&B run that an earlier process began in this folder."""
    file = folder / ID_FILE
    return file.read_text().strip() if file.exists() else None


def amounts(trial: Trial) -> dict[str, float]:
    """What one trial adds to the history's running totals."""
    return {
        "cost/seconds": trial.seconds,
        "cost/epochs": trial.epochs,
        "duplicates": trial.duplicate_of is not None,
        "failures": trial.state == "failed",
    }


def history_row(trial: Trial, front: Front) -> dict[str, float]:
    """One row of the history, but for the running totals."""
    incumbent = front.best.values if front.best else {}
    measured = {**trial.metrics, **trial.values}
    return {
        "trial": trial.number,
        **{f"best/{name}": value for name, value in incumbent.items()},
        **{f"trial/{name}": value for name, value in measured.items()},
    }


def trial_table(run: Run, trials: Sequence[Trial]) -> wandb.Table:
    """One row per trial, one column per objective, metric and gene; empty where inactive."""
    return wandb.Table(
        columns=["number", "state", "origin", "parents", *run.measures, *run.genes, "error"],
        data=[table_row(trial, run.measures, run.genes) for trial in trials],
        allow_mixed_types=True,
    )


def table_row(trial: Trial, measures: Sequence[str], genes: Sequence[str]) -> list[Any]:
    """A trial's cells, in the order of the columns."""
    proposal = trial.proposal
    measured = {**trial.metrics, **trial.values}
    return [
        trial.number,
        trial.state,
        proposal.origin,
        " ".join(str(parent) for parent in proposal.parents),
        *(measured.get(name) for name in measures),
        *(proposal.genotype.get(name) for name in genes),
        trial.error,
    ]


def flat_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What ``summary.json`` says about the winner and the counts, under the history's names."""
    flat = {f"trials/{name}": count for name, count in summary.get("trials", {}).items()}
    if best := summary.get("best"):
        flat |= {f"best/{name}": value for name, value in best["values"].items()}
        flat |= {"best/trial": best["trial"], "best/key": best["key"]}
        flat["best/genotype"] = dict(best["genotype"])
    flat |= {f"regret/{name}": value for name, value in summary.get("regret", {}).items()}
    if "pareto" in summary:
        flat |= {"pareto": list(summary["pareto"]), "hypervolume": summary["hypervolume"]}
    return flat
