"""The terminal: a live line while the search runs, and the winner at its end."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from time import perf_counter
from typing import Any, TypeVar

from rich.console import Console
from rich.text import Text

from nas_hydra.document import Facts
from nas_hydra.document.terminal import content
from nas_hydra.document.text import change, counted, duration, number
from nas_hydra.errors import shortened
from nas_hydra.front import KNEE, Front
from nas_hydra.report.candidates import parts
from nas_hydra.report.history import Change, changes
from nas_hydra.report.next_steps import next_steps
from nas_hydra.report.spent import spent_in_words
from nas_hydra.report.summary import founders_in_words
from nas_hydra.report.trained import in_words
from nas_hydra.run import Run
from nas_hydra.search_space import Decision
from nas_hydra.search_space.gene import shown as decision
from nas_hydra.shell import from_here, pasteable
from nas_hydra.tracker.live_line import LiveLine, RemainingTime
from nas_hydra.trial import Trial

FILES = {
    "best.yaml": "the winner",
    "best.ckpt": "its trained weights: torch.load('best.ckpt', weights_only=True)",
    "best.svg": "its picture",
    "report.html": "the search on one page; open it in a browser",
    "pareto": "configs and weights of the front's trials: NUMBER.yaml, NUMBER.ckpt",
    "pareto.svg": "picture of the front",
    "trials.csv": "every trial, one row each",
    "trials": "config.yaml of every trial, and what its program has printed: NUMBER/stdout.txt",
    "summary.json": "the search in numbers",
    "journal.log": "the record: optuna-dashboard shows it, and a search resumes from it",
    "examples.npz": "a digest of every row that the search has seen",
}
HOW = ": hydra.utils.instantiate(OmegaConf.load('best.yaml').model)"
"""How to build the winner, where it is known for which images."""


LONGEST_LINE = 1900
"""Characters of a log message that are shown."""
MOST_CHANGES = 4
"""Decisions that are told of a trial."""
WORTH_TELLING = 60
"""Seconds that a search still takes, from which a log tells it."""

Made = TypeVar("Made")

messages = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
"""Progress and messages; the winner goes to standard output."""


class ConsoleHandler(logging.Handler):
    """Prints log messages above the live line, without a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message."""
        messages.print(shortened(record.getMessage(), LONGEST_LINE))


class Terminal:
    """A tracker that prints with rich; where output is no terminal, one plain line per trial.

    Of a search of a sweep, one line is left.
    """

    def start(self, run: Run) -> None:
        """Say what is searched, and begin the live line."""
        self._run, self._failed, self._told, self._known = run, 0, 0, 0
        measure, total = next(iter(run.limits.items()))
        self._estimate, self._estimated = RemainingTime(total, measure), False
        self._incumbent: Trial | None = None
        self._alone = not in_sweep(run)
        if self._alone:
            what = f"{run.most}, {len(run.genes)} genes, in {from_here(run.folder)}"
            messages.print(f"{run.name}: {what}")
        self._live = LiveLine(messages, self._estimate, live())
        self._live.start(self._standing(Front(run.objectives)))

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Move the live line on; a line of its own for a new best, a failure, or no terminal."""
        self._told += 1
        self._failed += trial.state == "failed"
        self._known += recorded
        self._estimate.tell(trial, recorded, perf_counter())
        if not recorded and self._alone:
            self._print(trial, _news(trial, front, len(self._run.objectives) > 1))
        self._incumbent = front.best
        self._live.advance(self._standing(front), self._failed)

    def _standing(self, front: Front) -> str:
        return ("" if self._alone else f"{self._run.name}: ") + standing(front)

    def _print(self, trial: Trial, news: str) -> None:
        if self._known:
            messages.print(f"{self._known} trials are recorded already")
            self._known = 0
        if news or trial.state == "failed" or not live():
            width = messages.width if live() else None
            messages.print(_line(trial, self._incumbent, news, width))
        left = self._estimate.seconds(perf_counter())
        if not self._estimated and left is not None and not live():
            self._estimated = True
            if left >= WORTH_TELLING:
                messages.print(f"about {duration(left)} for the other {self._estimate.others}")

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """The winner and what to do next, or how to resume."""
        self._live.stop()
        if summary is None:
            messages.print(
                f"stopped after {self._run.after(self._told)}; all are recorded."
                f" To go on:\n  {pasteable(self._run.command)}"
            )
        elif summary["best"]:
            show(self._run, summary)


def live() -> bool:
    """Whether a line can be redrawn: in a terminal, or in a notebook that has widgets."""
    return messages.is_terminal or (messages.is_jupyter and find_spec("ipywidgets") is not None)


@contextmanager
def at_work(text: str, brief: bool = False) -> Iterator[None]:
    """Say what goes on meanwhile.

    Args:
        text: that says it.
        brief: whether that is left out where it would stay.
    """
    if live():
        with messages.status(text):
            yield
        return
    if not brief:
        messages.print(text)
    yield


def in_sweep(run: Run) -> bool:
    """Whether a run is one of several."""
    return run.group != run.folder.name


def _news(trial: Trial, front: Front, several: bool) -> str:
    if trial.number not in {member.number for member in front.members}:
        return ""
    if not front.feasible:
        return "best so far, but over a limit"
    tie = f", of {front.ties + 1} that tie" if front.ties and front.best is trial else ""
    return "on the front" if several else f"best so far{tie}"


def standing(front: Front) -> str:
    """The best so far, in a few words."""
    if front.best is None:
        return "no result yet"
    word = "knee" if front.chosen_by == KNEE else "best"
    size = f"front of {len(front.members)}, {word}" if len(front.members) > 1 else "best"
    return f"{size} {shown(front.best.values)} (trial {front.best.number})"


def show(run: Run, summary: Mapping[str, Any], earlier: bool = False) -> None:
    """The end of a search.

    Args:
        run: what it is; of a sweep's, one line is shown.
        summary: what it has found.
        earlier: whether it was finished before.
    """
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    if in_sweep(run):
        console.print(_in_brief(run, summary) + (", finished already" if earlier else ""))
        return
    best = summary["best"]
    counts = [f"{n} {name.replace('_', ' ')}" for name, n in summary["trials"].items() if n]
    broken: list[Part] = [("no trial meets the limits", "; the winner breaks them least", {})]
    for word, rest, rows in (
        ("\ndone", f": {', '.join(counts)}; {duration(summary['seconds'])} of evaluation", {}),
        *(broken if best.get("violation") else []),
        *_trained_rows(summary),
        *_spent_rows(summary),
        *_front_rows(summary),
        (
            "winner",
            f": {winner(best)}{ties(summary)}",
            {
                name: ", ".join(map(decision, made))
                for name, made in _parts(best["genotype"]).items()
            },
        ),
        *founders_rows(summary),
        *_optimum_rows(summary),
        ("files", f" in {from_here(run.folder)}", _files(run)),
        ("next", "", next_steps(run, summary)),
    ):
        console.print(Text.assemble((word, "bold"), rest))
        for line in content(Facts(rows)):
            console.print(f"  {line}")


def _in_brief(run: Run, summary: Mapping[str, Any]) -> str:
    """The end of a search in one line: its best, its time and its folder, most often its name."""
    failed = summary["trials"]["failed"]
    told = [shown(summary["best"]["values"]), duration(summary["seconds"])]
    told += [f"{failed} failed"] if failed else []
    name = [] if run.folder.name == run.name else [run.name]
    return "  ".join([*told, *name, from_here(run.folder)])


def winner(best: Mapping[str, Any]) -> str:
    """``trial 3, val_acc 0.9713 (val_loss 0.1, params 38,310)``."""
    others = {name: value for name, value in best["metrics"].items() if name not in best["values"]}
    known = f" ({shown(others)})" if others else ""
    return f"trial {best['trial']}, {shown(best['values'])}{known}"


def ties(summary: Mapping[str, Any]) -> str:
    """``; 2 others tie, decided by val_loss, age``; empty if none does."""
    if not (found := summary.get("ties")):
        return ""
    others = "1 other ties" if found["others"] == 1 else f"{found['others']:,} others tie"
    return f"; {others}, decided by {', '.join([*found['decided_by'], 'age'])}"


Part = tuple[str, str, Mapping[str, str]]
"""Of what is shown: a word, what is said of it, and lines of names and texts."""


def founders_rows(summary: Mapping[str, Any]) -> Iterator[Part]:
    """One that compares the winner with the random candidates that the search began with."""
    if found := summary.get("founders"):
        values = shown(found["values"])
        yield "founders", f": {founders_in_words(found, summary['best']['values'], values)}", {}


def _trained_rows(summary: Mapping[str, Any]) -> Iterator[Part]:
    """One that tells what was trained, where not all trainings were whole ones."""
    if found := summary.get("trained"):
        said = " ".join(in_words(found)).rstrip(".")
        rungs = {
            counted(one["epochs"], "epoch"): f"{counted(one['reached'], 'candidate')}"
            for one in found["rungs"]
        }
        yield "trained", f": {said}", rungs


def _spent_rows(summary: Mapping[str, Any]) -> Iterator[Part]:
    """One that tells what was spent, where costs are counted."""
    if found := summary.get("cost"):
        yield "cost", f": {'; '.join(spent_in_words(found))}", {}


def _optimum_rows(summary: Mapping[str, Any]) -> Iterator[Part]:
    """One that tells the best possible values and how far the search came, if that is known."""
    regrets = summary.get("regret", {})
    told = [
        shown({name: value}) + {None: "", 0: ", found"}.get(regret, f", regret {number(regret)}")
        for name, value in summary.get("optimum", {}).items()
        for regret in [regrets.get(name)]
    ]
    if told:
        yield "optimum", f": {'; '.join(told)}", {}


def _files(run: Run) -> dict[str, str]:
    known = {"best.yaml": FILES["best.yaml"] + HOW} if run.choices["dataset"] != "none" else {}
    return {name: text for name, text in {**FILES, **known}.items() if (run.folder / name).exists()}


def _front_rows(summary: Mapping[str, Any]) -> Iterator[Part]:
    """The front's trials, if there is a front, and how its winner is chosen."""
    if front := summary.get("pareto"):
        of = f"{len(front)} of {summary['trials']['complete']} trials"
        winner = summary.get("chosen", {}).get("winner")  # folders of version 0.1 do not tell
        why = f"; the winner is {winner}" if winner and len(front) > 1 else ""
        rest = f": {of}, hypervolume {number(summary['hypervolume'])}{why}"
        yield "front", rest, {f"trial {one['trial']}": shown(one["values"]) for one in front}


def _line(trial: Trial, incumbent: Trial | None, news: str, width: int | None) -> str:
    """A trial in one line: number, outcome, origin, decisions, and what is new.

    Args:
        trial: that was told.
        incumbent: the best of those before it, from which its decisions differ.
        news: about it.
        width: characters that there is room for; None is as many as it takes. Why a trial failed
            is told whole.
    """
    outcome = _outcome(trial)
    known = trial.source if trial.duplicate_of is None else f"trial {trial.duplicate_of}"
    again = f", known from {known}" if known else ""
    first = f"{trial.number:>4}  {outcome}  {trial.proposal.origin}{again}"
    last = f"  <- {news}" if news else ""
    whole = f"{first}  {_differing(trial, incumbent)}".rstrip()
    if width is None:
        return whole + last
    room = width - len(last)
    return _fitted(whole, max(room, len(first)) if trial.state == "failed" else room) + last


def _outcome(trial: Trial) -> str:
    """``val_acc 0.9713``, ``val_acc 0.93 after 3 epochs``, ``stopped`` or ``failed: why``."""
    if trial.state == "failed":
        return f"failed: {trial.error}"
    if not trial.complete:
        more = "" if trial.proposal.fidelity.continues is None else "more "
        return f"stopped after {counted(trial.epochs, more + 'epoch')}"
    after = f" after {counted(trial.level, 'epoch')}" if trial.level else ""
    return f"{shown(trial.values)}{after}"


def _differing(trial: Trial, incumbent: Trial | None) -> str:
    """``depth 3, kernel_size 5,3 → 3,3``: what differs, repeated parts one after the other."""
    new: dict[str, Change] = {name: (None, made) for name, made in trial.proposal.genotype.items()}
    parts = _parts(changes(incumbent, trial) if incumbent else new)
    told = [_change(name, *map(_listed, zip(*pairs, strict=True))) for name, pairs in parts.items()]
    more = len(told) - MOST_CHANGES
    return ", ".join(told[:MOST_CHANGES]) + (f" and {more} more" if more > 0 else "")


def _change(name: str, before: str, after: str) -> str:
    if not after:
        return f"no {name}"
    return f"{name} {change(before, after) if before else after}"


def _listed(made: Sequence[Decision]) -> str:
    """A decision of each copy, - for a copy that is not there; empty if none is."""
    there = any(one is not None for one in made)
    return ",".join("-" if one is None else decision(one) for one in made) if there else ""


def _parts(given: Mapping[str, Made]) -> dict[str, list[Made]]:
    """What is given of each copy of a repeated part, under one name."""
    return {name: [given[one] for one in copies] for name, copies in parts(given).items()}


def _fitted(text: str, width: int) -> str:
    found = Text(text)
    found.truncate(width, overflow="ellipsis")
    return found.plain


def shown(values: Mapping[str, float]) -> str:
    """``val_acc 0.9713, params 38,310``."""
    return ", ".join(f"{name} {number(value)}" for name, value in values.items())
