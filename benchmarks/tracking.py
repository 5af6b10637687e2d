"""What W&B costs a search: ``python benchmarks/tracking.py [TRIALS]``.

Searches a made-up table of the cells of NAS-Bench-201 with ``tracker=wandb tracker.mode=offline``,
in this process, and times what the tracker takes before, while and after the search asks and tells.
Prints a table and writes results/tracking.md.
"""

import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from hydra import compose, initialize_config_module
from overhead import TRIALS, typed, write_table

from nas_hydra.app.assemble import assemble
from nas_hydra.front import Front
from nas_hydra.run import Run
from nas_hydra.tracker import Tracker
from nas_hydra.tracker.base import Expendable
from nas_hydra.trial import Trial

RESULTS = Path(__file__).parent / "results" / "tracking.md"


@dataclass
class Timed:
    """A tracker whose seconds are counted."""

    tracker: Tracker
    start_seconds: float = 0.0
    tell_seconds: float = 0.0
    finish_seconds: float = 0.0
    began: float = field(default=0.0, init=False)
    search_seconds: float = 0.0

    def start(self, run: Run) -> None:
        """Timed."""
        before = perf_counter()
        self.tracker.start(run)
        self.began = perf_counter()
        self.start_seconds = self.began - before

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Timed."""
        before = perf_counter()
        self.tracker.tell(trial, front, recorded)
        self.tell_seconds += perf_counter() - before

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """Timed."""
        before = perf_counter()
        self.search_seconds = before - self.began
        self.tracker.finish(summary, exit_code)
        self.finish_seconds = perf_counter() - before

    @property
    def share(self) -> float:
        """Of the search's time, what the tracker takes."""
        return self.tell_seconds / self.search_seconds


def measure(trials: int, tracker: str, folder: Path) -> Timed:
    """One search, with no tracker but this one."""
    table = folder / "cells.csv"
    write_table(table)
    words = typed(table, "regularized_evolution", trials)
    words = [word for word in words if not word.startswith("tracker")]
    more = [*tracker.split(), "record=memory", f"folder={folder}", "name=tracking"]
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        config = compose("config", [*words, *more])
    choices = {"strategy": "regularized_evolution", "search_space": "cells", "dataset": "none"}
    search = assemble(config, choices, "tracking", "nas-hydra")
    (watched,) = (one for one in search.trackers if isinstance(one, Expendable))
    search.trackers = [timed := Timed(watched)]
    search()
    return timed


def report(found: Mapping[str, Timed], trials: int) -> str:
    """What was measured, for people."""
    lines = [
        f"| {trials:,} trials | s to begin | s of the search | of which tracking | s to end |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {one.start_seconds:.1f} | {one.search_seconds:.1f} | {one.share:.2%} |"
            f" {one.finish_seconds:.1f} |"
            for name, one in found.items()
        ),
        "",
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), Python"
        f" {platform.python_version()}.",
        "",
    ]
    return "\n".join(lines)


def main(trials: int) -> None:
    """Measure, print and write."""
    found = {}
    for name in ("tracker=none", "tracker=wandb tracker.mode=offline"):
        with tempfile.TemporaryDirectory() as folder:
            found[f"`{name}`"] = measure(trials, name, Path(folder))
    text = report(found, trials)
    print(text)
    RESULTS.write_text(text)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS)
