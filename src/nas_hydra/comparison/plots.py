"""The plots of a comparison's page."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from nas_hydra.comparison.result import Axis, Curve, GroupResult, Interval, Ranking, TaskResult
from nas_hydra.document.content import Element, Plot, Switch
from nas_hydra.document.plot import Trace, band, color, dash, label, line

AXES: Mapping[Axis, str] = {
    "trials": "trials",
    "epochs": "epochs trained",
    "seconds": "seconds of evaluation",
    "cost": "cost",
}
"""What the curves run over, as a reader calls it."""
SETTLING = 0.05
"""The first part of a curve may leave the plot at the bottom: it would squeeze the rest."""
ROOM = 0.05
"""Of the values' range, above and below."""
ROW, FRAME = 48, 60
"""Height of a group's line in a plot of intervals, and of all around, in pixels."""
LONGEST = 42
"""Characters of a name in a plot, which has to fit a phone."""

Places = Mapping[str, int]
"""Group -> its place, which gives it the same colour in every plot."""


def curves(task: TaskResult, objective: str, places: Places, first: Axis = "trials") -> Element:
    """The best value so far against trials, epochs and seconds, chosen by buttons.

    Args:
        task: whose groups they are of.
        objective: what is compared.
        places: of the groups.
        first: what is shown first.
    """
    known = [axis for axis in AXES if any(axis in group.curves for group in task.groups)]
    known.sort(key=lambda axis: axis != first)
    plots = {axis: _curves(task, axis, objective, places) for axis in known}
    return Switch({AXES[axis]: shown for axis, shown in plots.items()}, "over")


def _curves(task: TaskResult, axis: Axis, objective: str, places: Places) -> Plot:
    found = {group.group: group.curves[axis] for group in task.groups if axis in group.curves}
    shown = {name: curve for name, curve in found.items() if curve.points}
    bands = chain.from_iterable(_band(curve, places[name]) for name, curve in shown.items())
    lines = [_line(name, curve, places[name]) for name, curve in shown.items()]
    return Plot(
        [*bands, *lines],
        f"{objective} so far against {AXES[axis]}, for each group",
        AXES[axis],
        shortened(f"best {objective} so far") if "," not in objective else "best value so far",
        height=460,
        layout={"yaxis": _view([*shown.values()]), "hovermode": "x unified"},
    )


def _band(curve: Curve, place: int) -> list[dict[str, Any]]:
    low, high = ([value[end] for value in curve.values] for end in (0, 2))
    parts = band(curve.points, low, high, place, shape="hv")
    return [{**part, "legendgroup": str(place)} for part in parts]


def _line(name: str, curve: Curve, place: int) -> Trace:
    middle = [value.middle for value in curve.values]
    drawn = line(curve.points, middle, name, place, shape="hv", dash=dash(place))
    return {**drawn, "legendgroup": str(place), "hovertemplate": "%{y:.5g}"}


def _view(shown: Sequence[Curve]) -> dict[str, Any]:
    """The part of the axis that holds all curves once they have settled, and their best."""
    values = list(chain.from_iterable(map(_settled, shown)))
    if not values:
        return {}
    low, high = min(value.low for value in values), max(value.high for value in values)
    room = ROOM * (high - low) or abs(high) * ROOM or 1.0
    return {"range": [low - room, high + room]}


def _settled(curve: Curve) -> Iterator[Interval]:
    first, last = curve.points[0], curve.points[-1]
    for point, value in zip(curve.points, curve.values, strict=True):
        if point >= first + SETTLING * (last - first):
            yield value


def finals(groups: Sequence[GroupResult], objective: str, places: Places) -> Plot:
    """The value of each group in the end, with its interval; the best group at the top."""
    spans = {group.group: group.final for group in groups}
    return _intervals(spans, f"{objective} of each group in the end", places)


def ranks(ranking: Ranking, places: Places) -> Plot:
    """Mean ranks, each in the middle of a bar as long as the critical difference.

    Two bars overlap exactly if the mean ranks differ by less than that.
    """
    half = ranking.difference / 2
    spans = {name: Interval(rank - half, rank, rank + half) for name, rank in ranking.ranks.items()}
    return _intervals(spans, "mean rank of each group over the tasks, 1 is best", places)


def _intervals(spans: Mapping[str, Interval], description: str, places: Places) -> Plot:
    """Lines with a point on each, one below the other, each under its name."""
    rows = list(enumerate(spans.items()))
    return Plot(
        [_interval(row, span, color(places[name])) for row, (name, span) in rows],
        description,
        "",
        "",
        height=FRAME + ROW * len(spans),
        layout={
            "showlegend": False,
            "hovermode": "closest",
            "annotations": [_name(row, name) for row, (name, _) in rows],
            "yaxis": {"visible": False, "range": [len(spans) - 0.5, -0.8], "fixedrange": True},
        },
    )


def _interval(row: int, span: Interval, shade: str) -> Trace:
    return {
        "x": [span.low, span.middle, span.high],
        "y": [row] * 3,
        "mode": "lines+markers",
        "line": {"color": shade, "width": 3},
        "marker": {"color": shade, "size": [1, 11, 1], "opacity": 1},
        "hovertemplate": "%{x:.5g}<extra></extra>",
    }


def _name(row: int, name: str) -> dict[str, Any]:
    """The name of a line, above it at the left."""
    place = {"xref": "paper", "x": 0, "xanchor": "left", "y": row - 0.16, "yanchor": "bottom"}
    return {**place, "text": label(shortened(name)), "showarrow": False}


def shortened(name: str, longest: int = LONGEST) -> str:
    """A long name without its middle."""
    half = (longest - 1) // 2
    return name if len(name) <= longest else f"{name[:half]}\N{HORIZONTAL ELLIPSIS}{name[-half:]}"
