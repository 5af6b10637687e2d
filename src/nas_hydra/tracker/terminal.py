"""The terminal: a live line while the search runs, and the winner at its end."""

import logging
import re
import shlex
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from nas_hydra.errors import shortened
from nas_hydra.front import Front
from nas_hydra.run import Run, parted
from nas_hydra.search_space.gene import shown as decision
from nas_hydra.trial import Trial

FILES = {
    "best.yaml": "the winner",
    "best.ckpt": "its trained weights: torch.load('best.ckpt', weights_only=True)",
    "best.svg": "its picture",
    "report.html": "the search on one page; open it in a browser",
    "pareto": "configs and weights of the front's trials: NUMBER.yaml, NUMBER.ckpt",
    "pareto.svg": "picture of the front",
    "trials.csv": "every trial, one row each",
    "summary.json": "the search in numbers",
    "journal.log": "the record: optuna-dashboard shows it, and a search resumes from it",
    "examples.npz": "a digest of every image that the search has seen",
}
HOW = ": hydra.utils.instantiate(OmegaConf.load('best.yaml').model)"
"""How to build the winner, where it is known for which images."""


LONGEST_LINE = 1900
"""Characters of a log message that are shown."""

messages = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
"""Progress and messages; the winner goes to standard output."""


class ConsoleHandler(logging.Handler):
    """Prints log messages above the live line, without a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message."""
        messages.print(shortened(record.getMessage(), LONGEST_LINE))


class Terminal:
    """A tracker that prints with rich; where output is no terminal, one plain line per trial."""

    def start(self, run: Run) -> None:
        """Say what is searched, and begin the live line."""
        self._run, self._failed, self._told, self._known = run, 0, 0, 0
        messages.print(f"{run.name}: {run.trials} trials, {len(run.genes)} genes, in {run.folder}")
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} trials"),
            TextColumn("{task.fields[failed]} failed"),
            TimeRemainingColumn(),
            console=messages,
            transient=True,
            disable=not live(),
        )
        self._task = self._progress.add_task("no result yet", total=run.trials, failed=0)
        self._progress.start()

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Move the live line on; a line of its own for a new best, a failure, or no terminal."""
        self._told += 1
        self._failed += trial.state == "failed"
        self._known += recorded
        if not recorded:
            self._print(trial, news(trial, front, len(self._run.objectives) > 1))
        self._progress.update(
            self._task, advance=1, description=standing(front), failed=self._failed
        )

    def _print(self, trial: Trial, news: str) -> None:
        if self._known:
            messages.print(f"{self._known} trials are recorded already")
            self._known = 0
        if news or trial.state == "failed" or not live():
            messages.print(line(trial) + (f"  <- {news}" if news else ""))

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


def live() -> bool:
    """Whether a line can be redrawn: in a terminal, or in a notebook that has widgets."""
    return messages.is_terminal or (messages.is_jupyter and find_spec("ipywidgets") is not None)


def news(trial: Trial, front: Front, several: bool) -> str:
    """What a trial that was just told changes, in words."""
    if trial.number not in {member.number for member in front.members}:
        return ""
    if not front.feasible:
        return "best so far, but over a limit"
    return "on the front" if several else "best so far"


def standing(front: Front) -> str:
    """The best so far, in a few words."""
    if front.best is None:
        return "no result yet"
    size = f"front of {len(front.members)}, knee" if len(front.members) > 1 else "best"
    return f"{size} {shown(front.best.values)} (trial {front.best.number})"


def show(run: Run, summary: Mapping[str, Any]) -> None:
    """The end of a search, also of one that was finished before."""
    best = summary["best"]
    counts = [f"{n} {name.replace('_', ' ')}" for name, n in summary["trials"].items() if n]
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    broken: list[Part] = [("no trial meets the limits", "; the winner breaks them least", {})]
    for word, rest, rows in (
        ("\ndone", f": {', '.join(counts)}; {summary['seconds']:.0f} s of evaluation", {}),
        *(broken if best.get("violation") else []),
        *front_rows(summary),
        ("winner", f": {winner(best)}", {k: decision(v) for k, v in best["genotype"].items()}),
        *optimum_rows(summary),
        ("files", f" in {run.folder}", files(run)),
        ("next", "", suggestions(run)),
    ):
        console.print(Text.assemble((word, "bold"), rest))
        if rows:
            console.print(aligned(rows))


def winner(best: Mapping[str, Any]) -> str:
    """``trial 3, val_acc 0.9713 (val_loss 0.1, params 38,310)``."""
    others = {name: value for name, value in best["metrics"].items() if name not in best["values"]}
    known = f" ({shown(others)})" if others else ""
    return f"trial {best['trial']}, {shown(best['values'])}{known}"


Part = tuple[str, str, Mapping[str, str]]
"""Of what is shown: a word, what is said of it, and lines of names and texts."""


def optimum_rows(summary: Mapping[str, Any]) -> Iterator[Part]:
    """One that tells the best possible values and how far the search came, if that is known."""
    regrets = summary.get("regret", {})
    told = [
        shown({name: value}) + {None: "", 0: ", found"}.get(regret, f", regret {regret:.4g}")
        for name, value in summary.get("optimum", {}).items()
        for regret in [regrets.get(name)]
    ]
    if told:
        yield "optimum", f": {'; '.join(told)}", {}


def files(run: Run) -> dict[str, str]:
    """The files that are there, and what each is for."""
    known = {"best.yaml": FILES["best.yaml"] + HOW} if run.choices["dataset"] != "none" else {}
    return {name: text for name, text in {**FILES, **known}.items() if (run.folder / name).exists()}


def front_rows(summary: Mapping[str, Any]) -> Iterator[Part]:
    """The front's trials, if there is a front; its knee is the winner."""
    if front := summary.get("pareto"):
        of = f"{len(front)} of {summary['trials']['complete']} trials"
        rest = f": {of}, hypervolume {summary['hypervolume']:.4g}"
        yield "front", rest, {f"trial {one['trial']}": shown(one["values"]) for one in front}


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
    """What is worth trying after this search, and the commands for it."""
    ours = "evolution" if len(run.objectives) == 1 else "nsga2"
    other = "tpe" if run.choices["strategy"] != "tpe" else ours
    images = {"the same search on other images": again(run, "dataset=fashion_mnist")}
    return {
        **(images if run.choices["dataset"] != "none" else {}),
        "another strategy": again(run, f"strategy={other}"),
        "strategies side by side": again(run, f"strategy={ours},random,tpe", "seed=0,1"),
    }


def again(run: Run, *changes: str) -> str:
    """The run's command in a new folder, with changes; settings of a changed group are dropped."""
    changed = [re.escape(change.partition("=")[0]) for change in changes]
    dropped = re.compile(rf"hydra\.(run|sweep)\.dir=|\W?({'|'.join(changed)})\b")
    flags, overrides = parted(shlex.split(run.command)[1:])
    kept = [word for word in overrides if not dropped.match(word)]
    sweep = ["-m"] if any("," in change for change in changes) and "-m" not in flags else []
    return shlex.join(["nas-hydra", *sweep, *flags, *changes, *kept])
