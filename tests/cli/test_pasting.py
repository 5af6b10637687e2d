"""What a search offers at its end, pasted into a shell."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

NET = """
from torch import nn

def net(width, classes):
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(width), nn.ReLU(), nn.LazyLinear(classes))
"""
SPACE = """
model:
  _target_: nets_of_mine.net
  width: {_int_: {low: 2, high: 16}}
  classes: ${dataset.num_classes}
"""
TYPED = """
PYTHONPATH='my code' nas-hydra --config-dir 'my conf' search_space=mine dataset.limit=100 \\
    budget.trials=12 trainer.max_epochs=1 engine=serial tracker=none report=false \\
    'hydra.run.dir="runs/it is a=run, 1"'
"""


MAKEFILE = Path(__file__).parents[2] / "Makefile"


def shell(command: str) -> str:
    """What a command prints that a person types, in a shell that finds our programs."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    environment.pop("PYTHONPATH", None)
    words = ["sh", "-c", command]
    found = subprocess.run(words, env=environment, text=True, capture_output=True)
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.long
def test_each_of_the_next_steps_works():
    for file, text in (("my code/nets_of_mine.py", NET), ("my conf/search_space/mine.yaml", SPACE)):
        Path(file).parent.mkdir(parents=True)
        Path(file).write_text(text)
    steps = shell(TYPED).partition("\nnext\n")[2].splitlines()
    retrain, explain, compare = (line[line.index("PYTHONPATH") :] for line in steps)
    assert "the model, its card and its figures" in shell(f"{retrain} seeds=1 baseline=none")
    assert "explanation.html" in shell(explain)
    compared = shell(compare)
    assert "14 runs" in compared
    again = compared.rpartition("PYTHONPATH")[2]
    assert "comparison.html" in shell(f"PYTHONPATH{again}")


@pytest.mark.long
def test_the_demo_is_better_than_its_founders_and_its_next_steps_work():
    (demo,) = re.findall(r"^demo:.*\n\t\$\(BIN\)/(.*)", MAKEFILE.read_text(), re.MULTILINE)
    told = shell(f"{demo} tracker=none")
    assert re.search("^founders: .*; the winner is better$", told, re.MULTILINE)
    steps = told.partition("\nnext\n")[2].splitlines()
    retrain, explain, compare = (line[line.index("nas-hydra") :] for line in steps)
    assert "the model, its card and its figures" in shell(f"{retrain} seeds=1 baseline=none")
    assert "explanation.html" in shell(explain)
    assert "14 runs" in shell(f"{compare} budget.trials=6")
