"""Any data, any task: ``python benchmarks/tasks.py`` writes results/tasks.md.

For each set of data a search by the default engine and strategy, the winner trained anew over
several seeds, and beside it what simpler methods reach on the same rows. What is measured is kept
in tasks.json; ``--only NAME ...`` measures some sets, and leaves the others as they are.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from task_cases import CASES, Case, MissingError

RESULTS = Path(__file__).parent / "results" / "tasks.md"
SMALLER = ("test_rmse", "test_loss", "test_perplexity")
"""Metrics of which less is better."""
NEAR = 0.01
"""A winner within this share of a rival's metric is as good."""
QUIET = ("tracker=none", "report=false")


def run(program: str, words: Sequence[str], folder: Path) -> float:
    """Seconds that a command of the project takes.

    Raises:
        RuntimeError: if it fails; with what it said last.
    """
    begin = perf_counter()
    command = [str(Path(sys.executable).with_name(program)), *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-2000:]}")
    return perf_counter() - begin


def measured(case: Case, trials: int, seeds: int, overrides: Sequence[str]) -> dict[str, Any]:
    """What a set comes to: the winner and its rivals, and the seconds."""
    with tempfile.TemporaryDirectory(prefix="nas-hydra-tasks-") as name:
        folder = Path(name)
        words = [*case.write(folder), *QUIET, f"budget.trials={trials}", *overrides]
        search = run("nas-hydra", [*words, "hydra.run.dir=run"], folder)
        retraining = run("nas-hydra-retrain", ["run=run", f"seeds={seeds}", "folder=model"], folder)
        metrics = json.loads((folder / "model/metrics.json").read_text())
    return {
        "metric": case.metric,
        "networks": [
            {"role": one["role"], "name": one["name"], **one["metrics"].get(case.metric, {})}
            for one in metrics["networks"]
        ],
        "trials": trials,
        "seeds": seeds,
        "seconds": {"search": round(search, 1), "retraining": round(retraining, 1)},
        "command": " ".join(word for word in words if str(folder) not in word),
    }


def lead(case: Case, mean: float, other: float) -> float:
    """By how much a figure is better than another, as a share of that."""
    sign = -1 if case.metric in SMALLER else 1
    return sign * (mean - other) / abs(other)


def mean_of(found: Mapping[str, Any], role: str, name: str = "") -> float | None:
    """The mean of a network's metric; None if it was not measured."""
    for one in found["networks"]:
        if one["role"] == role and name in one["name"] and "mean" in one:
            return float(one["mean"])
    return None


def cell(one: Mapping[str, Any] | None) -> str:
    """A mean with its interval."""
    if one is None or "mean" not in one:
        return ""
    ends = one.get("interval")
    return f"{one['mean']:.4g}" + (f" ({ends[0]:.4g} to {ends[1]:.4g})" if ends else "")


def row(case: Case, found: Mapping[str, Any]) -> str:
    """A line of the table."""
    by_role = {one["role"]: one for one in reversed(found["networks"])}
    rival = next((one for one in found["networks"] if one["name"] == case.rival), None)
    others = [one for one in found["networks"] if one["role"] == "reference" and one is not rival]
    told = "; ".join(f"{one['name']} {one['mean']:.4g}" for one in others if "mean" in one)
    published = "" if case.published is None else f"{case.published:.4g}"
    seconds = found["seconds"]
    cells = (
        *(case.name, case.kind, case.metric.removeprefix("test_")),
        *(cell(by_role["winner"]), cell(by_role.get("random")), cell(rival), told, published),
        f"{seconds['search']:,.0f} + {seconds['retraining']:,.0f}",
    )
    return f"| {' | '.join(cells)} |"


def summary(known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the goals come to, as far as they were measured."""
    tables = [one for one in CASES if one.kind == "table" and one.name in known]
    if tables:
        won = [one.name for one in tables if as_good(one, known[one.name])]
        yield f"- Tables: within 1 % of gradient boosting or better on {len(won)} of {len(tables)}"
        yield f"  that were measured ({', '.join(won) or 'none'})."
    sets = [one for one in CASES if one.kind == "series" and one.name in known]
    if sets:
        won = [one.name for one in sets if as_published(one, known[one.name])]
        yield f"- Series: at or above the published accuracy of InceptionTime on {len(won)} of"
        yield f"  {len(sets)} that were measured ({', '.join(won) or 'none'})."


def as_good(case: Case, found: Mapping[str, Any]) -> bool:
    """Whether the winner is as good as its rival, or nearly."""
    mine, other = mean_of(found, "winner"), mean_of(found, "reference", case.rival)
    return mine is not None and other is not None and lead(case, mine, other) >= -NEAR


def as_published(case: Case, found: Mapping[str, Any]) -> bool:
    """Whether the winner reaches the published figure, as that is rounded."""
    mine = mean_of(found, "winner")
    return mine is not None and case.published is not None and mine >= case.published - 5e-5


def page(known: Mapping[str, Mapping[str, Any]], command: str) -> str:
    """The results in Markdown."""
    head = (
        *("data", "kind", "metric", "winner", "random candidate", "rival", "other references"),
        *("published", "seconds: search + retraining"),
    )
    lines = [
        "# Any data, any task",
        "",
        f"`{command}`: a search by the default engine, its winner trained over several seeds;",
        "means over the seeds with their 95 % intervals (Student's t), on test rows that the",
        "search has not seen. The rival is gradient boosting on tables, the nearest neighbour on",
        "series, a linear model on text; `published` is InceptionTime's (Ismail Fawaz et al. 2020,",
        "five networks together).",
        "",
        *summary(known),
        "",
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(row(one, known[one.name]) for one in CASES if one.name in known),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[one.name for one in CASES])
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("overrides", nargs="*", help="of the search: trainer.max_epochs=5")
    said = parser.parse_args()
    kept = said.output.with_suffix(".json")
    known = json.loads(kept.read_text()) if kept.is_file() else {}
    for case in CASES:
        if case.name not in said.only:
            continue
        try:
            known[case.name] = measured(case, said.trials, said.seeds, said.overrides)
        except MissingError as error:
            print(f"{case.name}: left out, {error}", file=sys.stderr)
            continue
        kept.write_text(json.dumps(known, indent=1) + "\n")
        print(row(case, known[case.name]), flush=True)
    words = f"python benchmarks/tasks.py --trials {said.trials} --seeds {said.seeds}"
    said.output.write_text(page(known, " ".join([words, *said.overrides])))


if __name__ == "__main__":
    main()
