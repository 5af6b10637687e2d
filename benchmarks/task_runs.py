"""Commands of the project, run as a user runs them, and what they measured."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

QUIET = ("tracker=none", "report=false")


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Args:
        trials: of a search.
        seeds: of the winner's trainings.
        overrides: of the search: ``trainer.max_epochs=5``.
    """

    trials: int
    seeds: int
    overrides: Sequence[str] = ()


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


def searched(words: Sequence[str], scale: Scale, folder: Path, more: Any = ()) -> dict[str, Any]:
    """The networks that a search and its retraining measured, and the seconds.

    Args:
        words: of the search.
        scale: how much is measured.
        folder: of the data; the run goes to ``run`` in it, and the model to ``model``.
        more: words of the retraining alone.
    """
    all_words = [*words, *QUIET, f"budget.trials={scale.trials}", *scale.overrides]
    search = run("nas-hydra", [*all_words, "hydra.run.dir=run"], folder)
    of_model = ["run=run", f"seeds={scale.seeds}", "folder=model", *more]
    retraining = run("nas-hydra-retrain", of_model, folder)
    return {
        "networks": json.loads((folder / "model/metrics.json").read_text())["networks"],
        "trials": scale.trials,
        "seeds": scale.seeds,
        "seconds": {"search": round(search, 1), "retraining": round(retraining, 1)},
        "command": " ".join(word for word in all_words if str(folder) not in word),
    }


def cell(one: Mapping[str, Any] | None) -> str:
    """A mean with its interval."""
    if one is None or "mean" not in one:
        return ""
    ends = one.get("interval")
    return f"{one['mean']:.4g}" + (f" ({ends[0]:.4g} to {ends[1]:.4g})" if ends else "")


def line(cells: Sequence[str]) -> str:
    """A row of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown."""
    return [line(head), f"|{'---|' * len(head)}", *map(line, rows)]
