"""The terminal: a live line while the search runs, and the winner at its end."""

import logging
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from nas_hydra.run import Run
from nas_hydra.trial import Trial

FILES = {
    "best.yaml": "the winner: hydra.utils.instantiate(OmegaConf.load('best.yaml').model)",
    "best.ckpt": "its trained weights: torch.load('best.ckpt', weights_only=True)",
    "best.svg": "its picture",
    "trials.csv": "every trial, one row each",
    "summary.json": "the search in numbers",
    "journal.log": "the record: optuna-dashboard shows it, and a search resumes from it",
}


messages = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
"""Progress and messages; the winner goes to standard output."""


class ConsoleHandler(logging.Handler):
    """Prints log messages above the live line, without a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message."""
        messages.print(record.getMessage())


class Terminal:
    """A tracker that prints with rich; where output is no terminal, one plain line per trial."""

    def start(self, run: Run) -> None:
        """Say what is searched, and begin the live line."""
        self._run, self._failed, self._told, self._known = run, 0, 0, 0
        messages.print(f"{run.name}: {run.trials} trials, {len(run.genes)} genes, in {run.folder}")
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} trials"),
            TextColumn("{task.fields[failed]} failed"),
            TimeRemainingColumn(),
            console=messages,
            transient=True,
            disable=not messages.is_terminal,
        )
        self._task = self._progress.add_task("no result yet", total=run.trials, failed=0)
        self._progress.start()

    def tell(self, trial: Trial, best: Trial | None, recorded: bool) -> None:
        """Move the live line on; a line of its own for a new best, a failure, or no terminal."""
        self._told += 1
        self._failed += trial.state == "failed"
        self._known += recorded
        if not recorded:
            self._print(trial, trial is best)
        described = f"best {shown(best.values)} (trial {best.number})" if best else "no result yet"
        self._progress.update(self._task, advance=1, description=described, failed=self._failed)

    def _print(self, trial: Trial, best: bool) -> None:
        if self._known:
            messages.print(f"{self._known} trials are recorded already")
            self._known = 0
        if best or trial.state == "failed" or not messages.is_terminal:
            messages.print(line(trial) + ("  <- best so far" if best else ""))

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """The winner and what to do next, or how to resume."""
        self._progress.stop()
        if summary is None:
            messages.print(
                f"stopped after {self._told} of {self._run.trials} trials; all are recorded."
                f" To go on:\n  {self._run.command}"
            )
        elif summary["best"]:
            show(self._run, summary)


def show(run: Run, summary: Mapping[str, Any]) -> None:
    """The end of a search, also of one that was finished before."""
    best = summary["best"]
    counts = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in summary["trials"].items())
    files = {name: text for name, text in FILES.items() if (run.folder / name).exists()}
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold]done[/]: {counts}; {summary['seconds']:.0f} s of evaluation")
    for title, rows in (
        (f"winner[/]: trial {best['trial']}, {shown(best['values'])}", best["genotype"]),
        (f"files[/] in {run.folder}", files),
        ("next[/]", suggestions(run)),
    ):
        console.print(f"[bold]{title}")
        console.print(aligned(rows), markup=False)


def line(trial: Trial) -> str:
    """A trial in one line: number, outcome, origin, decisions."""
    outcome = shown(trial.values) if trial.complete else f"failed: {trial.error}"
    known = trial.source if trial.duplicate_of is None else f"trial {trial.duplicate_of}"
    again = f", known from {known}" if known else ""
    proposal = trial.proposal
    return f"{trial.number:>4}  {outcome}  {proposal.origin}{again}  {proposal.genotype.summary}"


def shown(values: Mapping[str, float]) -> str:
    """``val_acc 0.9713, params 38,310``."""
    return ", ".join(
        f"{name} {value:,.0f}" if abs(value) >= 1000 else f"{name} {value:.4g}"
        for name, value in values.items()
    )


def aligned(rows: Mapping[str, str]) -> str:
    """Names and texts side by side, indented, one line each."""
    width = max(map(len, rows), default=0)
    return "\n".join(f"  {name:<{width}}  {text}" for name, text in rows.items())


def suggestions(run: Run) -> dict[str, str]:
    """Three commands worth trying after this search."""
    other = "tpe" if run.choices["strategy"] != "tpe" else "evolution"
    return {
        "nas-hydra dataset=fashion_mnist": "the same search on other images",
        f"nas-hydra strategy={other}": "another strategy",
        "nas-hydra -m strategy=evolution,random,tpe seed=0,1": "strategies side by side",
    }
