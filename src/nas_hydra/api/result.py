"""What a search found."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from nas_hydra.api.session import undisturbed
from nas_hydra.config.component import importable
from nas_hydra.front import Front
from nas_hydra.report.files import columns, rows
from nas_hydra.run import Run
from nas_hydra.trial import Trial

if TYPE_CHECKING:
    from pandas import DataFrame

    from nas_hydra.explain import Explanation
    from nas_hydra.retrain import Retrained

FILES = ("report.html", "best.yaml", "best.ckpt", "trials.csv", "summary.json", "pareto")
"""Of a run's folder, those that are named."""
WIDTH, HEIGHT, MARGIN = 560, 220, 42
MOST_DECISIONS = 40

Point = tuple[float, float]


def _shown(run: Run, trials: Sequence[Trial], front: Front) -> str:
    """The HTML of a search; all texts in it are escaped, and it needs no script."""
    best = front.best
    complete = sum(trial.complete for trial in trials)
    head = f"{run.name}: {complete} of {len(trials)} trials complete"
    parts = [Markup("<p><b>{}</b></p>").format(head)]
    if best is not None:
        several = f", the knee of a front of {len(front.members)}" if len(front.members) > 1 else ""
        told = _numbers(best.values)
        parts.append(Markup("<p>winner: trial {}{}, {}</p>").format(best.number, several, told))
        parts.append(_table([*best.proposal.genotype.items()]))
        parts.append(picture(run, trials))
    names = [name for name in FILES if (run.folder / name).exists()]
    listed = Markup(", ").join(Markup("<code>{}</code>").format(name) for name in names)
    parts.append(Markup("<p>in <code>{}</code>: {}</p>").format(run.folder, listed or "no files"))
    return str(Markup("<div>{}</div>").format(Markup("\n").join(parts)))


def _numbers(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())


def _table(decisions: Sequence[tuple[str, object]]) -> Markup:
    row = Markup('<tr><td style="text-align:left">{}</td><td>{}</td></tr>')
    rows = [row.format(name, made) for name, made in decisions[:MOST_DECISIONS]]
    more = len(decisions) - len(rows)
    rows += [row.format(f"and {more} more", "")] if more else []
    return Markup("<table>{}</table>").format(Markup("").join(rows))


def picture(run: Run, trials: Sequence[Trial]) -> Markup:
    """Every trial's value, and with one objective the best so far, as SVG."""
    objective = run.objectives[0]
    points = [
        (float(trial.number), trial.values[objective.name])
        for trial in trials
        if trial.complete and math.isfinite(trial.values[objective.name])
    ]
    way = [*_incumbents(run, trials)] if len(run.objectives) == 1 else []
    scale = _Scale(points or [(0.0, 0.0)])
    dot = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="#0072b2" fill-opacity="0.6"/>')
    dots = Markup("").join(dot.format(*scale(*point)) for point in points)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in scale.steps(way))
    text = Markup('<text x="{:.0f}" y="{:.0f}" fill="currentColor" text-anchor="{}">{}</text>')
    labels = [
        text.format(MARGIN - 6, MARGIN, "end", f"{scale.high:.3g}"),
        text.format(MARGIN - 6, HEIGHT - MARGIN, "end", f"{scale.low:.3g}"),
        text.format(WIDTH / 2, HEIGHT - 14, "middle", f"trial 0 to {scale.last:.0f}"),
        text.format(
            MARGIN,
            20,
            "start",
            f"{objective.name} of every trial" + ", and the best so far" * bool(way),
        ),
    ]
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{0}" height="{1}"'
        ' viewBox="0 0 {0} {1}" font-size="11" font-family="sans-serif">{2}'
        '<polyline points="{3}" fill="none" stroke="#d55e00" stroke-width="2"/>{4}</svg>'
    ).format(WIDTH, HEIGHT, dots, line, Markup("").join(labels))


def _incumbents(run: Run, trials: Sequence[Trial]) -> Iterator[Point]:
    """Trial and value where a new best begins, and where the search ends."""
    front, best = Front(run.objectives), None
    for trial in trials:
        front.add(trial)
        if front.best is not None and front.best is not best:
            best = front.best
            yield float(trial.number), best.values[run.objectives[0].name]
    if best is not None:
        yield float(trials[-1].number), best.values[run.objectives[0].name]


class _Scale:
    """From trials and values to places in the picture."""

    def __init__(self, points: Sequence[Point]) -> None:
        values = [value for _, value in points]
        self.low, self.high = min(values), max(values)
        self.last = max(number for number, _ in points)

    def __call__(self, number: float, value: float) -> Point:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        across = (WIDTH - 2 * MARGIN) * number / max(self.last, 1.0)
        return MARGIN + across, HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * share

    def steps(self, way: Sequence[Point]) -> Iterator[Point]:
        """The way of the best so far, which stays where it is until the next one."""
        for place, (number, value) in enumerate(way):
            if place:
                yield self(number, way[place - 1][1])
            yield self(number, value)


@dataclass(frozen=True)
class Result:
    """The trials of a search, and the best of them.

    Args:
        run: what was searched.
        told: every trial, in ask order.
    """

    run: Run
    told: Sequence[Trial]

    @property
    def folder(self) -> Path:
        """The run's folder: ``best.yaml``, ``best.ckpt``, ``report.html``, ..."""
        return self.run.folder

    @property
    def best(self) -> Trial | None:
        """The winner, of a front as ``Front.chosen_by`` says; None if no trial is complete."""
        return self._front.best

    @property
    def front(self) -> list[Trial]:
        """The trials that no other one beats, the oldest first; with one objective, one."""
        return list(self._front.members)

    @cached_property
    def trials(self) -> "DataFrame":
        """One row per trial, with the columns of ``trials.csv``."""
        from pandas import DataFrame  # 0.5 s, and only needed here

        return DataFrame(rows(self.run, self.told), columns=columns(self.run))

    def retrain(self, overrides: Sequence[str] = (), **wanted: Any) -> "Retrained":
        """Train the winner, or another trial, to the end, and test it: ``nas-hydra-retrain``.

        Args:
            overrides: of the search's config: ``["trainer.max_epochs=30"]``.
            wanted: as of ``nas_hydra.retrain.Request``: ``trial``, ``seeds``, ``baseline``, ...

        Raises:
            ConfigError: if the data has changed since the search, or a model is there already.
            SearchFailedError: if it could not be trained.
        """
        from nas_hydra.retrain import Request, retrain  # torch

        with undisturbed(), importable(wanted.get("config_dirs", ())):
            return retrain(Request(self.folder, **wanted), overrides)[0]

    def explain(self, **wanted: Any) -> "Explanation":
        """Why the winner won: ``nas-hydra-explain``, without its files.

        Args:
            wanted: as of ``nas_hydra.explain.explain``: ``objective``, ``start``, ``train``, ...

        Raises:
            ConfigError: if there is nothing to explain, or not what was asked for.
        """
        from nas_hydra.explain import explain  # scipy, and only needed here

        with undisturbed():
            return explain(self.folder, **wanted)

    @cached_property
    def _front(self) -> Front:
        return Front(self.run.objectives, self.told)

    def _repr_html_(self) -> str:
        """What a notebook shows: the winner, its decisions, the way to it, and the files."""
        return _shown(self.run, self.told, self._front)

    def __repr__(self) -> str:
        best = f"trial {self.best.number} {dict(self.best.values)}" if self.best else None
        return f"Result({len(self.told)} trials, best={best}, folder='{self.folder}')"
