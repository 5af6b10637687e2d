"""What W&B is told of a search: its config, a row per trial, tables and the summary."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nas_hydra.document.text import change
from nas_hydra.report.history import Change, Moment, Step
from nas_hydra.run import Run
from nas_hydra.search_space.gene import shown
from nas_hydra.trial import Trial

LONGEST_TAG = 64
"""Characters that W&B takes."""


def config(run: Run) -> dict[str, Any]:
    """The whole config, and under ``choices`` the option of every group, to group runs by."""
    return {**run.config, "choices": choices(run)}


def choices(run: Run) -> dict[str, str]:
    """Config group -> the option taken, but for Hydra's own groups."""
    known = run.choices.items()
    return {group: option for group, option in known if not group.startswith("hydra/")}


def tags(run: Run, more: Sequence[str]) -> list[str]:
    """Strategy, space, dataset, and the user's."""
    known = [run.choices[group] for group in ("strategy", "search_space", "dataset")]
    own = [tag[:LONGEST_TAG] for tag in known if tag != "none"]
    return list(dict.fromkeys([*own, *more]))


def history_row(moment: Moment, several: bool) -> dict[str, float]:
    """One row of the history.

    Args:
        moment: the search after a trial.
        several: whether there are several objectives.
    """
    trial, best, population = moment.trial, moment.best, moment.population
    return {
        "trial": trial.number,
        **_prefixed("best", best.values if best else {}),
        **_prefixed("trial", {**trial.metrics, **trial.values}),
        **_prefixed("population", vars(population) if population else {}),
        "duplicates": moment.duplicates,
        "failures": moment.failures,
        "cost/seconds": moment.seconds,
        "cost/epochs": moment.epochs,
        **trial.proposal.facts,
        **({"front/size": moment.front, "hypervolume": moment.hypervolume} if several else {}),
    }


def _prefixed(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    """``{"val_acc": 0.9}`` as ``{"best/val_acc": 0.9}``."""
    return {f"{prefix}/{name}": value for name, value in values.items()}


Table = tuple[list[str], list[list[Any]]]
"""Columns, and rows of cells."""


def trial_table(run: Run, trials: Sequence[Trial]) -> Table:
    """One row per trial, one column per objective, metric and gene; empty where inactive."""
    columns = ["number", "state", "origin", "parents", *run.measures, *run.genes, "error"]
    return columns, [_trial_row(trial, run.measures, run.genes) for trial in trials]


def _trial_row(trial: Trial, measures: Sequence[str], genes: Sequence[str]) -> list[Any]:
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


def curve_table(trials: Sequence[Trial]) -> Table:
    """The learning curves: one row per trial and epoch, epochs from 1."""
    metrics = list(dict.fromkeys(name for trial in trials for name in trial.curves))
    rows = [
        [trial.number, epoch, *(values.get(name) for name in metrics)]
        for trial in trials
        for epoch, values in epochs(trial)
    ]
    return ["trial", "epoch", *metrics], rows


def epochs(trial: Trial) -> Iterator[tuple[int, dict[str, float]]]:
    """Each epoch of a training, from 1, with what was measured after it."""
    for place in range(max(map(len, trial.curves.values()), default=0)):
        curves = trial.curves.items()
        known = {name: curve[place] for name, curve in curves if place < len(curve)}
        yield place + 1, {name: value for name, value in known.items() if not math.isnan(value)}


def lineage_table(run: Run, line: Sequence[Step]) -> Table:
    """The winner's ancestors, the first one first, and what each step changed and gained."""
    names = [objective.name for objective in run.objectives]
    columns = ["trial", "parent", "origin", "changed", *names]
    rows = [
        [
            step.trial.number,
            step.parent.number if step.parent else None,
            step.trial.proposal.origin,
            _changed(step.changes),
            *(step.trial.values.get(name) for name in names),
            *(step.gains.get(name) for name in names),
        ]
        for step in line
    ]
    return [*columns, *(f"gain/{name}" for name in names)], rows


def _changed(changes: Mapping[str, Change]) -> str:
    """``width 16 → 32, depth None → 3``."""
    told = (f"{name} {change(*map(shown, pair))}" for name, pair in changes.items())
    return ", ".join(told)


def flat_summary(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What ``summary.json`` says about the winner and the counts, under the history's names."""
    flat = {f"trials/{name}": count for name, count in summary.get("trials", {}).items()}
    if best := summary.get("best"):
        flat |= _prefixed("best", best["values"])
        flat |= {"best/trial": best["trial"], "best/key": best["key"]}
        flat["best/genotype"] = dict(best["genotype"])
    flat |= _prefixed("regret", summary.get("regret", {}))
    if "pareto" in summary:
        flat |= {"pareto": list(summary["pareto"]), "hypervolume": summary["hypervolume"]}
    return flat
