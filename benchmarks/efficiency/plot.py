"""The picture: regret by evaluations, a panel per column."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from efficiency.figures import FLAGSHIP, Figures

COLOURS = ("#0072B2", "#009E73", "#E69F00", "#000000", "#56B4E9", "#CC79A7", "#777777")
"""Okabe and Ito (2008), for readers who tell few colours apart; dashes tell them too."""
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1.5, 1, 1.5)))
VERMILION = "#D55E00"
"""Of the flagship alone."""
FLOOR = 0.02
"""Per cent points; what is below is drawn here, since a logarithm knows no 0."""


def draw(figures: Figures, pending: int, file: Path) -> None:
    """Draw the curves with so many pending trials, 900 pixels wide."""
    columns = figures.columns
    rows = (len(columns) + 1) // 2
    plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})
    size = (9, 3.1 * rows + 1.2)
    figure, axes = plt.subplots(
        rows, min(2, len(columns)), figsize=size, squeeze=False, sharey=True, layout="constrained"
    )
    drawn = [name for name in figures.strategies if (pending, columns[0], name) in figures.curves]
    looks = styles(drawn)
    for axis, task in zip(axes.flat, columns, strict=False):
        panel(axis, figures, pending, task, looks)
    for axis in axes.flat[len(columns) :]:
        axis.set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("evaluations")
    for axis in axes[:, 0]:
        axis.set_ylabel("regret, per cent points")
    handles, labels = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    about = "interquartile mean over seeds, 95 % interval"
    figure.suptitle(f"NAS-Bench-201, {pending} pending: {about}")
    figure.savefig(file, dpi=100)
    plt.close(figure)


def styles(strategies: Sequence[str]) -> dict[str, dict[str, Any]]:
    """How each strategy is drawn; the flagship above the others."""
    found: dict[str, dict[str, Any]] = {}
    others = [strategy for strategy in strategies if strategy != FLAGSHIP]
    for place, strategy in enumerate(others):
        dash = DASHES[place % len(DASHES)]
        colour = COLOURS[place % len(COLOURS)]
        found[strategy] = {"color": colour, "linestyle": dash, "linewidth": 1.4}
    first = {"color": VERMILION, "linewidth": 2.6, "zorder": 5}
    return {FLAGSHIP: first} | found if FLAGSHIP in strategies else found


def panel(
    axis: Any, figures: Figures, pending: int, task: str, looks: Mapping[str, Mapping[str, Any]]
) -> None:
    """The curves of one column."""
    for strategy, look in looks.items():
        curve = figures.curves.get((pending, task, strategy), [])
        points = figures.points[: len(curve)]
        low, middle, high = ([max(FLOOR, one[i]) for one in curve] for i in range(3))
        axis.plot(points, middle, label=strategy, **look)
        axis.fill_between(points, low, high, color=look["color"], alpha=0.09, linewidth=0)
    axis.set(title=task, xscale="log", yscale="log", xlim=(1, max(figures.points)))
    axis.set_ylim(bottom=FLOOR)
    ticks = [tick for tick in (1, 3, 10, 30, 100, 300, 1000) if tick <= max(figures.points)]
    axis.set_xticks(ticks, [str(tick) for tick in ticks])
    regrets = [FLOOR, 0.1, 0.5, 2, 10, 50]
    axis.set_yticks(regrets, [f"{FLOOR:g} or less", *(f"{regret:g}" for regret in regrets[1:])])
    axis.minorticks_off()
    axis.grid(alpha=0.25, linewidth=0.6)
