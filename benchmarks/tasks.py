"""Any data, any task: ``python benchmarks/tasks.py`` writes results/tasks.md.

For each set of data a search by the default engine and strategy, the winner trained anew over
several seeds, and beside it what simpler methods reach on the same rows; one network with two heads
beside two networks (``task_heads.py``); and how fast rows are trained on (``task_speed.py``). What
is measured is kept in tasks.json; ``--only NAME ...`` measures some, and leaves the others as they
are.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import task_heads
import task_speed
from task_cases import CASES, Case, MissingError
from task_runs import Scale, cell, searched, table

RESULTS = Path(__file__).parent / "results" / "tasks.md"
SMALLER = ("test_rmse", "test_loss", "test_perplexity")
"""Metrics of which less is better."""
NEAR = 0.01
"""A winner within this share of a rival's metric is as good."""
TEXT_LEAD, LEAST_IOU = 0.05, 0.9
"""By how much a text's winner is to beat its rival, and what that of masks is to reach."""
OTHERS = {"heads": task_heads, "speed": task_speed}
"""What is measured beside the cases; each has a section of its own."""


def measured(case: Case, scale: Scale) -> dict[str, Any]:
    """What a set comes to: the winner and its rivals, and the seconds."""
    with tempfile.TemporaryDirectory(prefix="nas-hydra-tasks-") as name:
        folder = Path(name)
        found = searched(case.write(folder), scale, folder)
    networks = [
        {"role": one["role"], "name": one["name"], **one["metrics"].get(case.metric, {})}
        for one in found.pop("networks")
    ]
    return {"metric": case.metric, "networks": networks, **found}


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


def row(case: Case, found: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of a set."""
    by_role = {one["role"]: one for one in reversed(found["networks"])}
    rival = next((one for one in found["networks"] if one["name"] == case.rival), None)
    others = [one for one in found["networks"] if one["role"] == "reference" and one is not rival]
    told = "; ".join(f"{one['name']} {one['mean']:.4g}" for one in others if "mean" in one)
    published = "" if case.published is None else f"{case.published:.4g}"
    seconds = found["seconds"]
    return (
        *(case.name, case.kind, case.metric.removeprefix("test_")),
        *(cell(by_role["winner"]), cell(by_role.get("random")), cell(rival), told, published),
        f"{seconds['search']:,.0f} + {seconds['retraining']:,.0f}",
    )


def summary(known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """What the goals come to, as far as they were measured."""
    for kind, goal, reaches in GOALS:
        cases = [one for one in CASES if one.kind == kind and one.name in known]
        if cases:
            won = [one.name for one in cases if reaches(one, known[one.name])]
            yield f"- {goal} on {len(won)} of {len(cases)} that were measured"
            yield f"  ({', '.join(won) or 'none'})."


def as_good(case: Case, found: Mapping[str, Any]) -> bool:
    """Whether the winner is as good as its rival, or nearly."""
    mine, other = mean_of(found, "winner"), mean_of(found, "reference", case.rival)
    return mine is not None and other is not None and lead(case, mine, other) >= -NEAR


def as_published(case: Case, found: Mapping[str, Any]) -> bool:
    """Whether the winner reaches the published figure, as that is rounded."""
    mine = mean_of(found, "winner")
    return mine is not None and case.published is not None and mine >= case.published - 5e-5


def ahead(case: Case, found: Mapping[str, Any]) -> bool:
    """Whether the winner of a text is so much better than its rival."""
    mine, other = mean_of(found, "winner"), mean_of(found, "reference", case.rival)
    if mine is None or other is None:
        return False
    return mine < other if case.metric in SMALLER else mine - other >= TEXT_LEAD


def overlaps(case: Case, found: Mapping[str, Any]) -> bool:
    """Whether the winner's masks are as good as they are to be."""
    mine = mean_of(found, "winner")
    return mine is not None and mine >= LEAST_IOU


GOALS = (
    ("table", "Tables: within 1 % of gradient boosting or better", as_good),
    ("series", "Series: at or above the published accuracy of InceptionTime", as_published),
    ("text", "Texts: 5 points above a linear model", ahead),
    ("tokens", "Next tokens: a smaller perplexity than that of a bigram model", ahead),
    ("masks", "Masks: a mean IoU of at least 0.9", overlaps),
)
"""Kind of data, what is to be reached, and whether a set reaches it."""


def page(known: Mapping[str, Mapping[str, Any]], command: str) -> str:
    """The results in Markdown."""
    head = (
        *("data", "kind", "metric", "winner", "random candidate", "rival", "other references"),
        *("published", "seconds: search + retraining"),
    )
    rows = [row(one, known[one.name]) for one in CASES if one.name in known]
    sections = [["", *other.lines(known[name])] for name, other in OTHERS.items() if name in known]
    lines = [
        "# Any data, any task",
        "",
        f"`{command}`: a search by the default engine, its winner trained over several seeds;",
        "means over the seeds with their 95 % intervals (Student's t), on test rows that the",
        "search has not seen. The rival is gradient boosting on tables, the nearest neighbour on",
        "series, a linear model on text, counts of pairs of tokens where the next one is told;",
        "`published` is InceptionTime's (Ismail Fawaz et al. 2020, five networks together).",
        "",
        *summary(known),
        "",
        *(table(head, rows) if rows else ()),
        *(line for section in sections for line in section),
    ]
    return "\n".join(lines) + "\n"


def of_name(name: str, scale: Scale) -> dict[str, Any]:
    """What a set, or something else that is measured, comes to.

    Raises:
        MissingError: if its data is not installed.
    """
    if name in OTHERS:
        return OTHERS[name].measured(scale)
    return measured(next(one for one in CASES if one.name == name), scale)


def main() -> None:
    """Measure, and write."""
    names = [*(one.name for one in CASES), *OTHERS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=names, choices=names, metavar="NAME")
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("overrides", nargs="*", help="of the search: trainer.max_epochs=5")
    said = parser.parse_args()
    scale = Scale(said.trials, said.seeds, said.overrides)
    kept = said.output.with_suffix(".json")
    words = f"python benchmarks/tasks.py --trials {said.trials} --seeds {said.seeds}"
    for name in said.only:
        known = json.loads(kept.read_text()) if kept.is_file() else {}
        try:
            known[name] = of_name(name, scale)
        except MissingError as error:
            print(f"{name}: left out, {error}", file=sys.stderr)
            continue
        kept.write_text(json.dumps(known, indent=1) + "\n")
        said.output.write_text(page(known, " ".join([words, *said.overrides])))
        print(f"{name}: measured", flush=True)


if __name__ == "__main__":
    main()
