"""The plots of an explanation."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from nas_hydra.document.content import Plot
from nas_hydra.document.plot import Trace, color, label, shade
from nas_hydra.explain.result import Ablation, AblationStep, Effect, Importance, Level, Surface
from nas_hydra.explain.sentences import WORDS, in_words

ROW, FRAME = 40, 60
"""Height of a line in a plot of rows, and of all around, in pixels."""
LONGEST = 40
"""Characters of a name in a plot, which has to fit a phone."""
ALONE, WINNING = 0, 1
"""Places of the colours."""


def importances(found: Sequence[Importance]) -> Plot:
    """A share with its interval for each decision or pair, the largest at the top."""
    rows = list(enumerate(found))
    return Plot(
        [_share(row, one) for row, one in rows],
        "share of the variation of each, with its interval",
        "share of the variation",
        "",
        height=FRAME + ROW * len(rows),
        layout={
            "showlegend": False,
            "annotations": [_name(row, " and ".join(one.genes)) for row, one in rows],
            "xaxis": {"tickformat": ".0%", "rangemode": "tozero"},
            "yaxis": {"visible": False, "range": [len(rows) - 0.5, -0.8], "fixedrange": True},
        },
    )


def _share(row: int, one: Importance) -> Trace:
    return {
        "x": [one.low, one.share, one.high],
        "y": [row] * 3,
        "mode": "lines+markers",
        "line": {"color": color(ALONE), "width": 3},
        "marker": {"color": color(ALONE), "size": [1, 11, 1], "opacity": 1},
        "hovertemplate": "%{x:.1%}<extra></extra>",
    }


def _name(row: int, name: str) -> dict[str, Any]:
    """The name of a line, above it at the left."""
    place = {"xref": "paper", "x": 0, "xanchor": "left", "y": row - 0.1, "yanchor": "bottom"}
    return {**place, "text": label(_shortened(name)), "showarrow": False}


def effect(found: Effect, objective: str) -> Plot:
    """What each decision of a gene is worth; the winner's in another colour."""
    others = [level for level in found.levels if not level.winner]
    winning = [level for level in found.levels if level.winner]
    traces = [
        _levels(others, "other decisions", ALONE),
        _levels(winning, "the winner's decision", WINNING),
    ]
    names = [_shortened(level.decision) for level in found.levels]
    axis = {"type": "category", "categoryorder": "array", "categoryarray": [*map(label, names)]}
    return Plot(
        [trace for trace in traces if trace["x"]],
        f"{objective} by {found.gene}",
        _shortened(found.gene),
        _shortened(objective),
        layout={"xaxis": axis},
    )


def _levels(levels: Sequence[Level], name: str, place: int) -> dict[str, Any]:
    return {
        "name": name,
        "x": [label(_shortened(level.decision)) for level in levels],
        "y": [level.value for level in levels],
        "mode": "markers",
        "marker": {"color": color(place), "size": 11, "symbol": ["circle", "diamond"][place]},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [level.high - level.value for level in levels],
            "arrayminus": [level.value - level.low for level in levels],
            "color": color(place),
            "thickness": 2,
            "width": 5,
        },
        "hovertemplate": "%{x}: %{y:.5g}<extra></extra>",
    }


def surface(found: Surface, objective: str) -> Plot:
    """What each pair of decisions of two genes is worth, the more the stronger in colour."""
    first, second = found.genes
    trace = {
        "type": "heatmap",
        "x": [label(_shortened(one)) for one in found.columns],
        "y": [label(_shortened(one)) for one in found.rows],
        "z": [list(row) for row in found.values],
        "texttemplate": "%{z:.4g}",
        "textfont": {"color": shade("ink")},
        "colorscale": [[0, color(ALONE, 0.05)], [1, color(ALONE, 0.55)]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "hovertemplate": "%{y}, %{x}: %{z:.5g}<extra></extra>",
    }
    return Plot(
        [trace],
        f"{objective} by {first} and {second}",
        _shortened(second),
        "",
        height=FRAME + 60 + ROW * len(found.rows),
        layout={
            "showlegend": False,
            "xaxis": {"type": "category", "showgrid": False},
            "yaxis": {
                "type": "category",
                "autorange": "reversed",
                "showgrid": False,
                "title": {"text": label(_shortened(first)), "standoff": 12},
            },
        },
    )


def ablation(found: Ablation, objective: str) -> Plot:
    """The value from step to step; what is only predicted is dotted and grey."""
    values = list(accumulate([found.start.value, *(step.difference for step in found.steps)]))
    known = enumerate(found.steps, start=1)
    seen = [(place, step) for place, step in known if step.candidate.source != "predicted"]
    traces: list[Trace] = [
        *_part(found, values, True),
        *_part(found, values, False),
        {
            "name": "measured or trained",
            "x": [0] * (found.start.source != "predicted") + [place for place, _ in seen],
            "y": [values[0]] * (found.start.source != "predicted")
            + [step.candidate.value for _, step in seen],
            "mode": "markers",
            "marker": {"color": shade("ink"), "size": 9, "symbol": "x"},
            "hovertemplate": "%{y:.5g}<extra></extra>",
        },
    ]
    return Plot(
        traces,
        f"{objective} on the way to the winner",
        "decisions made as the winner's",
        _shortened(objective),
        layout={"xaxis": {"dtick": max(1, len(values) // 10)}},
    )


def _part(found: Ablation, values: Sequence[float], guessed: bool) -> Iterator[Trace]:
    """The steps that are predicted, or those that are not, as one line with gaps."""
    places = [
        place for place, step in enumerate(found.steps) if (step.source == "predicted") == guessed
    ]
    if not places:
        return
    ink = shade("muted") if guessed else color(ALONE)
    yield {
        "name": "predicted difference" if guessed else "known difference",
        "x": [x for place in places for x in (place, place + 1, place + 1, None)],
        "y": [y for at in places for y in (values[at], values[at], values[at + 1], None)],
        "mode": "lines",
        "line": {"color": ink, "width": 2.5, "dash": "dot" if guessed else "solid"},
        "text": [text for at in places for text in ("", "", _told(found.steps[at]), "")],
        "hovertemplate": "%{text}: %{y:.5g}<extra></extra>",
    }


def _told(step: AblationStep) -> str:
    return label(f"{step.gene}: {in_words(step.after)} ({WORDS[step.source]})")


def _shortened(name: str) -> str:
    """A long name without its middle."""
    half = (LONGEST - 1) // 2
    return name if len(name) <= LONGEST else f"{name[:half]}\N{HORIZONTAL ELLIPSIS}{name[-half:]}"
