"""Writes the report: tables, figures as JSON, the picture."""

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from efficiency.comparison import Key
from efficiency.config import by_optuna
from efficiency.figures import Figures
from efficiency.goals import goals
from efficiency.markdown import markdown
from efficiency.matrix import Case, Run

LIBRARIES = ("numpy", "scipy", "scikit-learn", "optuna")
PROTOCOL = (
    "The loop is the search's, without a record and an engine: proposal k is asked when trials 0 to"
    " k - pending are told, its generator is `default_rng((seed, k))`, and results are told in ask"
    " order. An evaluation is a trial that is not answered from what was told before; a strategy"
    " that repeats itself is not charged for it, but ended after 20 proposals per evaluation. A run"
    " on a column ends at the optimum, from where its curve is constant.",
    "The columns are those of NAS-Bench-201 (Dong and Yang 2020), all 15,625 rows: equivalent"
    " cells were trained one by one and have values of their own, so `canonical` is left out of"
    " the space. The synthetic tasks are described in `benchmarks/efficiency/synthetic.py`; seed s"
    " searches instance s. Tests pair runs of the same seed.",
)


def write(runs: Sequence[Run], cases: Sequence[Case], command: str, output: Path) -> str:
    """Write ``search_efficiency.{md,json,png}`` to a folder; the text is given back too.

    Args:
        runs: what is reported.
        cases: what was asked for.
        command: how.
        output: the folder.
    """
    strategies = dict.fromkeys(run.case.strategy for run in runs)
    figures = Figures(runs, [name for name in strategies if by_optuna(name)])
    reached = goals(figures)
    told = [*conditions(runs, cases, command), *PROTOCOL]
    text = markdown(figures, reached, told)
    output.mkdir(parents=True, exist_ok=True)
    (output / "search_efficiency.md").write_text(text)
    data = {"conditions": told, "goals": [asdict(goal) for goal in reached], **numbers(figures)}
    (output / "search_efficiency.json").write_text(written(data))
    if figures.columns:
        from efficiency.plot import draw

        draw(figures, figures.pending[0], output / "search_efficiency.png")
    return text


def conditions(runs: Sequence[Run], cases: Sequence[Case], command: str) -> list[str]:
    """How and where it was measured, and what is missing."""
    budgets = sorted({run.case.budget for run in runs})
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    found = [
        f"Command: `{command}`",
        f"{len(runs)} runs of {' or '.join(map(str, budgets))} evaluations, one thread each, on"
        f" {os.cpu_count()} cores ({platform.machine()}); Python {platform.python_version()},"
        f" {versions}; {date.today()}.",
    ]
    states: dict[str, set[str]] = {}
    for run in runs:
        states.setdefault(run.case.strategy, set()).add(run.code)
    mixed = [strategy for strategy, codes in states.items() if len(codes) > 1]
    if mixed:
        found.append(f"**Measured with more than one state of the code: {', '.join(mixed)}.**")
    done = {(run.case.strategy, run.case.task, run.case.pending) for run in runs}
    asked = dict.fromkeys((case.strategy, case.task, case.pending) for case in cases)
    if missing := [f"{s} on {t} ({p} pending)" for s, t, p in asked if (s, t, p) not in done]:
        found.append(f"No run was finished of {', '.join(missing)}.")
    return found


def numbers(figures: Figures) -> dict[str, Any]:
    """Every figure of the report and the curves, as records."""
    return {
        "reach": records({key: asdict(row) for key, row in figures.reach.items()}),
        "protocol": records({key: {"after": row} for key, row in figures.protocol.items()}),
        "best": records({key: {"after": row} for key, row in figures.best.items()}),
        "against_baselines": [asdict(test) for test in figures.against_baselines],
        "flagship_sooner": [asdict(test) for test in figures.flagship_sooner],
        "flagship_better": [asdict(test) for test in figures.flagship_better],
        "cost": records({key: asdict(row) for key, row in figures.cost.items()}),
        "points": figures.points,
        "curves": records({key: {"regret": row} for key, row in figures.curves.items()}),
    }


def records(rows: Mapping[Key, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with their keys."""
    names = ("pending", "task", "strategy")
    return [{**dict(zip(names, key, strict=True)), **row} for key, row in rows.items()]


def written(data: Mapping[str, Sequence[Any]]) -> str:
    """JSON with a line for every record."""
    parts = [
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(plain(row)) for row in rows) + "\n]"
        for name, rows in data.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def plain(value: Any) -> Any:
    """As JSON can hold it: what is not finite as null, numbers with five digits."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else None
    return value
