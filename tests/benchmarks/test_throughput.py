"""The benchmarks run from end to end; what they measure is not looked at."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def run(name, *arguments):
    command = [sys.executable, str(BENCHMARKS / name), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "arguments", "goals"),
    [("throughput.py", (), 6), ("gpu.py", ("--device", "cpu"), 0)],
)
def test_a_quick_run_writes_the_table(fashion_mnist, tmp_path, name, arguments, goals):
    output = tmp_path / "table.md"
    printed = run(name, "--quick", "--root", fashion_mnist, "--output", output, *arguments)
    assert printed.rstrip("\n") == output.read_text().rstrip("\n")
    head, _, *rows = printed.partition("\n\n")[0].splitlines()
    assert head.count("|") == 8
    assert {row.count("|") for row in rows} == {8}
    assert len([row for row in rows if row.endswith(("| yes |", "| **no** |"))]) == goals
    assert f"benchmarks/{name} --quick" in printed
    assert ("| 4 x 7, 7, 7, 5 x 64 |" in printed) == (name == "throughput.py")


@pytest.mark.long
def test_without_a_gpu_nothing_is_measured(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    output = tmp_path / "table.md"
    assert "no CUDA device" in run("gpu.py", "--output", output)
    assert not output.exists()
