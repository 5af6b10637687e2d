"""``optuna-dashboard`` on the record of a running search: real processes, real HTTP."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from command import start
from integration.cells import CELLS, EDGES, write_cells

ALL = "none,skip_connect,nor_conv_1x1,nor_conv_3x3,avg_pool_3x3"
LONG = (
    *("budget.trials=15000", "report=false"),
    *(f"search_space.operations=[{ALL}]", "evaluator.missing=fail"),
)
"""More cells than a test waits for, of which the table has some."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def ended(process: subprocess.Popen) -> Iterator[subprocess.Popen]:
    """Ends the process, whatever happens."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen, word: str) -> None:
    """Read what a process prints, up to a line that begins with this word.

    A process whose output nobody reads waits soon, so that the search does not run away.
    """
    printed = []
    for line in process.stderr:
        printed.append(line)
        if line.split()[:1] == [word]:
            return
    raise AssertionError(f"it has ended without '{word}': {''.join(printed[-20:])}")


def answering(server: subprocess.Popen, port: int) -> None:
    """Wait until a port takes connections: the dashboard says so a little too early."""
    while server.poll() is None:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
    raise AssertionError(f"the dashboard has ended: {server.stderr.read()}")


def dashboard(record: Path, port: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "optuna_dashboard._cli", str(record), "--port", str(port)],
        text=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


@pytest.mark.parametrize(
    "strategy",
    [
        "tpe",
        *(
            pytest.param(own, marks=pytest.mark.long)
            for own in ("evolution", "random", "local_search")
        ),
    ],
)
def test_the_dashboard_shows_a_search_while_it_runs(strategy, tmp_path):
    write_cells(tmp_path / "cells.csv")
    port = free_port()

    def get(path: str) -> dict:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
            return json.load(answer)

    with ended(start(*CELLS, *LONG, f"strategy={strategy}")) as search:
        until(search, "20")
        with ended(dashboard(tmp_path / "run" / "journal.log", port)) as server:
            until(server, "Listening")
            answering(server, port)
            (study,) = get("/api/studies")["study_summaries"]
            shown = get(f"/api/studies/{study['study_id']}")
            assert search.poll() is None  # it has gone on all the time
    assert study["directions"] == ["maximize"]
    assert shown["objective_names"] == ["acc"]
    assert len(shown["trials"]) > 20
    trial = next(one for one in shown["trials"] if one["state"] == "Complete")
    assert {param["name"] for param in trial["params"]} == {*EDGES}
    assert {"number", "key", "origin"} <= {attr["key"] for attr in trial["user_attrs"]}
