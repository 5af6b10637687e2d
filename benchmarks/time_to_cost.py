"""What weighing the cost gains by the clock: ``python benchmarks/time_to_cost.py``.

The default ``conv_net`` on the same split of Fashion-MNIST: ``surrogate_evolution`` with and
without ``strategy.cost=flops``, and Optuna's TPE driving the usual Lightning way, each for the same
seconds. Told are the best after some of them, and when a candidate first has a given validation
accuracy.
What is measured is kept in time_to_cost.json after every search; a further call goes on with what
is missing. Nothing else should run.
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from table import machine
from time_to_quality import COST, Events, ours, seconds_to, usual

RESULTS = Path(__file__).parent / "results" / "time_to_cost.md"
WAYS = {
    "tpe": "Optuna's TPE, usual Lightning",
    "plain": "`surrogate_evolution`",
    "cost": "the same with `strategy.cost=flops`",
}
MANY = 100_000
"""Trials, more than there are time for."""
PARTS = (0.25, 0.5, 0.75, 1.0)
"""Of the seconds, after which the best is told."""


def searched(way: str, said: argparse.Namespace, seed: int) -> Events:
    """One search."""
    if way == "tpe":
        limits = [f"--seconds={said.seconds}", f"--trials={MANY}", f"--epochs={said.epochs}"]
        return usual("tpe", [*limits, f"--seed={seed}"], said.images)
    limits = [f"budget.seconds={said.seconds}", "budget.trials=null", f"seed={seed}"]
    sizes = [*limits, f"trainer.max_epochs={said.epochs}"]
    return ours([*sizes, *(COST if way == "cost" else COST[:1])], said.images)


def rows(known: Mapping[str, Mapping[str, Events]], said: argparse.Namespace) -> Iterator[str]:
    """The table."""
    moments = [said.seconds * part for part in PARTS]
    best = " | ".join(f"best after {moment:.0f} s" for moment in moments)
    yield f"| way | seconds to {said.quality}, by seed | median | {best} |"
    yield "|---" * (3 + len(moments)) + "|"
    for way, name in WAYS.items():
        searches = [ways[way] for ways in known.values() if way in ways]
        if not searches:
            continue
        took = [seconds_to(events, said.quality) for events in searches]
        told = ", ".join("never" if one is None else f"{one:.0f}" for one in took)
        middle = median(float("inf") if one is None else one for one in took)
        cells = [
            ", ".join(
                f"{max((v for s, v in one if s <= moment), default=0):.4f}" for one in searches
            )
            for moment in moments
        ]
        yield f"| {name} | {told} | {middle:.0f} | {' | '.join(cells)} |"


def main() -> None:
    """Measure what is missing, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=8000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=400)
    parser.add_argument("--quality", type=float, default=0.879)
    parser.add_argument("--only", nargs="*", default=[*WAYS])
    parser.add_argument("--output", type=Path, default=RESULTS)
    said = parser.parse_args()
    kept = said.output.with_suffix(".json")
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.is_file() else {}
    sizes = f"--images {said.images} --epochs {said.epochs} --seconds {said.seconds:g}"
    about = (
        f"`python benchmarks/time_to_cost.py {sizes}`, on {machine()}: seconds from the start of"
        f" the process until a candidate has a validation accuracy of {said.quality}, and the best"
        " so far, by seed."
    )
    for seed in range(said.seeds):
        ways = known.setdefault(str(seed), {})
        for way in [one for one in said.only if one not in ways]:
            ways[way] = searched(way, said, seed)
            kept.write_text(json.dumps(known) + "\n")
            text = "\n".join(
                ["# What weighing the cost gains by the clock", "", about, "", *rows(known, said)]
            )
            said.output.write_text(text + "\n")
            print(text, flush=True)


if __name__ == "__main__":
    main()
