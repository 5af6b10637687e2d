"""What a search's page says of trainings that are not all whole ones: curves, rungs, finalists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from nas_hydra.document import Bar, Bullets, Cell, Element, Note, Plot, Switch, Table
from nas_hydra.document.plot import Trace, color, label, shade
from nas_hydra.document.text import counted
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.plots import measured
from nas_hydra.report.trained import Trained, in_words, trained_summary
from nas_hydra.trial import Trial

MOST = 400
"""Candidates whose curves are drawn; of more, those that were trained farthest."""


@dataclass(frozen=True)
class Line:
    """The training of a network: a trial, and those that go on with it.

    Args:
        trials: in their order.
        had: epochs that the network has had after each of them.
    """

    trials: Sequence[Trial]
    had: Sequence[int]

    @property
    def last(self) -> Trial:
        """The trial that has trained it farthest."""
        return self.trials[-1]

    @property
    def rung(self) -> int:
        """Epochs after which it was measured last; 0 if it was ended before it was."""
        known = zip(self.trials, self.had, strict=True)
        return max((had for trial, had in known if trial.complete), default=0)

    def curve(self, metric: str) -> tuple[list[int], list[float]]:
        """Epochs, and the metric after them; without curves, where each trial ended."""
        xs: list[int] = []
        ys: list[float] = []
        for trial, had in zip(self.trials, self.had, strict=True):
            before = had - trial.epochs
            epochs, values = measured(trial.curves.get(metric, ()))
            if not epochs and metric in trial.metrics:
                epochs, values = [trial.epochs], [trial.metrics[metric]]
            xs += [before + epoch for epoch in epochs]
            ys += values
        return xs, ys


def lines(trained: Trained) -> list[Line]:
    """The trainings of a search, those first that were trained farthest."""
    known = {trial.number: trial for trial in trained.trials}
    on = {trial.proposal.fidelity.continues for trial in trained.trials}
    ends = [one for one in known.values() if one.number not in on and one.duplicate_of is None]
    found = [_line(trial, known, trained) for trial in ends]
    return sorted((one for one in found if one.had[-1]), key=lambda one: -one.had[-1])


def _line(last: Trial, known: dict[int, Trial], trained: Trained) -> Line:
    """The trials that a network went through until this one."""
    found = [last]
    while (before := found[0].proposal.fidelity.continues) in known:
        found.insert(0, known[before])
    return Line(found, [trained.had[trial.number] for trial in found])


def trainings(outcome: Outcome) -> list[Element]:
    """What was trained, and what that saved; nothing where every training is a whole one."""
    if not outcome.run.partial:
        return []
    trained = outcome.trained
    told = trained_summary(trained, outcome.front.best, outcome.checkpoints)
    return [
        Bullets([*in_words(told)]),
        *_curves(outcome, lines(trained)),
        _rungs(trained),
        Note(
            "A rung is the trials that end after so many epochs. Reached: candidates that were"
            " measured there; promoted: those of them that went on; stopped and failed: trials on"
            " the way there."
        ),
        *_finalists(outcome),
    ]


def _curves(outcome: Outcome, found: Sequence[Line]) -> list[Element]:
    """Each candidate's values over epochs, its trials joined, by metric."""
    shown = found[:MOST]
    names = dict.fromkeys([outcome.objective.name, *_metrics(shown)])
    drawn = {name: plot for name in names if (plot := _plot(outcome, shown, name)).traces}
    left = f" {counted(len(found) - MOST, 'other')} are not shown." if len(found) > MOST else ""
    told = "A line for each candidate, coloured by the highest rung that it reached." + left
    return [Switch(drawn, "metric"), Note(told)] if drawn else []


def _metrics(found: Sequence[Line]) -> Iterator[str]:
    """Those that have curves."""
    for trial in chain.from_iterable(one.trials for one in found):
        yield from trial.curves


def _plot(outcome: Outcome, found: Sequence[Line], metric: str) -> Plot:
    """The lines of one metric, the winner's last and on top."""
    best = outcome.front.best
    rungs = sorted({one.rung for one in found})
    groups = {rung: [one for one in found if one.rung == rung] for rung in rungs}
    series = [
        trace
        for place, (rung, group) in enumerate(groups.items())
        if (trace := _trace(group, metric, _named(rung), _shade(place, rung)))["x"]
    ]
    won = [one for one in found if best is not None and one.last.number == best.number]
    series += [{**_trace(won, metric, "winner", shade("ink")), **WON}] * len(won)
    title = f"{metric} of each candidate over the epochs that its network has had"
    return Plot(series, title, "epochs", metric, height=440)


WON = {
    "line": {"color": shade("ink"), "width": 3},
    "marker": {"color": shade("ink"), "size": 7},
}


def _shade(place: int, rung: int) -> str:
    """The colour of a rung; what was ended before the first of its own stands back."""
    return color(place, 0.6) if rung else shade("muted", 0.45)


def _named(rung: int) -> str:
    return f"{counted(rung, 'epoch')}" if rung else "ended before"


def _trace(group: Sequence[Line], metric: str, name: str, tint: str) -> Trace:
    """Several lines as one series with gaps, which is drawn at once."""
    parts = [(one, *one.curve(metric)) for one in group]
    trials = [[f"trial {one.last.number}"] * len(xs) + [""] for one, xs, _ in parts if xs]
    return {
        "name": label(name),
        "x": list(chain.from_iterable([*xs, None] for _, xs, _ in parts if xs)),
        "y": list(chain.from_iterable([*ys, None] for _, _, ys in parts if ys)),
        "text": list(chain.from_iterable(trials)),
        "mode": "lines+markers",
        "line": {"color": tint, "width": 1.5},
        "marker": {"color": tint, "size": 4},
        "hovertemplate": "%{text}: %{y:.5g} after %{x}<extra></extra>",
    }


def _rungs(trained: Trained) -> Table:
    """How many candidates got how far."""
    highest = max((one.reached for one in trained.rungs), default=0) or 1
    rows: list[list[Cell]] = [
        [
            one.epochs,
            Bar(one.reached / highest, f"{one.reached:,}"),
            *(one.promoted, one.stopped, one.failed),
        ]
        for one in trained.rungs
    ]
    return Table(["rung (epochs)", "reached", "promoted", "stopped", "failed"], rows)


def _finalists(outcome: Outcome) -> list[Element]:
    """The finalists beside what they had reached in the search."""
    best, trials = outcome.front.best, {trial.number: trial for trial in outcome.trials}
    name = outcome.objective.name
    rows: list[list[Cell]] = [
        [
            *(trial.number, parent, trials[parent].values.get(name) if parent in trials else None),
            *(outcome.trained.had[trial.number], trial.values.get(name)),
            "chosen" if best is not None and trial.number == best.number else trial.state,
        ]
        for trial in outcome.trained.finalists
        for parent in trial.proposal.parents[:1]
    ]
    columns = ["finalist", "of trial", f"{name} there", "epochs", name, ""]
    return [Table(columns, rows, "The finalists.")] if rows else []
