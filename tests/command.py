"""Runs ``nas-hydra``: in this process where that is enough, in one of its own where it matters."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nas_hydra.cli import main

SMALL = (
    "engine=serial",
    "tracker=none",
    "report=false",
    "dataset.limit=100",
    "trainer.max_epochs=1",
    "budget.trials=3",
)
"""A search that takes a second; ``small_space`` makes its candidates small too."""
COMMAND = (sys.executable, "-c", "from nas_hydra.cli import main; main()")


def nas_hydra(monkeypatch, *overrides: str) -> int:
    """The exit code of one command in this process."""
    monkeypatch.setattr(sys, "argv", ["nas-hydra", *overrides])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def start(*overrides: str) -> subprocess.Popen:
    """A command in a process of its own, in the present folder."""
    return subprocess.Popen(
        [*COMMAND, *overrides],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def finish(*overrides: str) -> subprocess.CompletedProcess:
    """A command in a process of its own, waited for."""
    return subprocess.run([*COMMAND, *overrides], text=True, capture_output=True)


def rows(folder: Path) -> list[dict[str, str]]:
    """``trials.csv`` without the one column that differs from run to run."""
    return table(folder / "trials.csv")


def table(file: Path) -> list[dict[str, str]]:
    """A file like ``trials.csv``, likewise."""
    with file.open(newline="") as stream:
        found = list(csv.DictReader(stream))
    return [{name: cell for name, cell in row.items() if name != "seconds"} for row in found]
