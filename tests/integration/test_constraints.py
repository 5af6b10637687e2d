"""Constraints in whole searches: no strategy spends a trial on what they refuse."""

import json
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from command import SMALL, nas_hydra, rows

RUN = ("hydra.run.dir=run",)
LIMIT = 30_000
"""About every second random candidate of conv_net has more parameters."""
MAX_PARAMS = (
    f"+search_space.constraints=[{{_target_:nas_hydra.constraint.MaxParams,limit:{LIMIT}}}]"
)

MINE = """# my own space, with rules of its own
width: {_choice_: [8, 12, 16, 18], _name_: width}
heads: {_choice_: [2, 3, 4], _name_: heads}
constraints:
- _target_: nas_hydra.constraint.Divisible
  number: ${search_space.width}
  by: ${search_space.heads}
- {_target_: my_rules.odd_heads, _partial_: true, most: 3}
model:
  _target_: my_rules.Perceptron
  hidden: ${search_space.width}
  heads: ${search_space.heads}
  classes: ${dataset.num_classes}
"""

NETWORK = """
from torch import nn

class Perceptron(nn.Sequential):
    def __init__(self, hidden: int, heads: int, classes: int) -> None:
        assert hidden % heads == 0
        super().__init__(nn.Flatten(), nn.LazyLinear(hidden), nn.ReLU(), nn.Linear(hidden, classes))

def odd_heads(candidate, most):
    heads = candidate.config["model"]["heads"]
    return heads % 2 == 1 and heads <= most
"""


def summary() -> dict:
    return json.loads(Path("run/summary.json").read_text())


@pytest.mark.parametrize(
    "strategy",
    [
        ("strategy=random",),
        pytest.param(
            ("strategy=tpe", "strategy.sampler.n_startup_trials=4"), marks=pytest.mark.long
        ),
        pytest.param(
            ("strategy=evolution", "strategy.population_size=4", "strategy.generation_size=4"),
            marks=pytest.mark.long,
        ),
    ],
    ids=lambda strategy: strategy[0],
)
def test_every_trial_meets_the_constraints(strategy, monkeypatch):
    budget = ("budget.trials=14", *RUN)
    assert nas_hydra(monkeypatch, *SMALL, *budget, *strategy, MAX_PARAMS) == 0
    table = rows(Path("run"))
    assert len(table) == 14
    assert all(float(row["params"]) <= LIMIT for row in table)
    assert max(float(row["params"]) for row in table) > LIMIT / 10
    assert summary()["trials"]["rejected"] > 0
    assert "constraints" not in OmegaConf.load("run/best.yaml")


def test_without_the_constraint_larger_candidates_are_tried(monkeypatch):
    assert nas_hydra(monkeypatch, *SMALL, "strategy=random", "budget.trials=8", *RUN) == 0
    assert any(float(row["params"]) > LIMIT for row in rows(Path("run")))
    assert summary()["trials"]["rejected"] == 0


@pytest.mark.long
def test_how_many_were_rejected_is_said_and_the_same_after_a_resume(monkeypatch, capsys):
    common = (*SMALL, "strategy=random", MAX_PARAMS)
    assert nas_hydra(monkeypatch, *common, "budget.trials=6", "hydra.run.dir=whole") == 0
    assert nas_hydra(monkeypatch, *common, "budget.trials=3", *RUN) == 0
    capsys.readouterr()
    assert nas_hydra(monkeypatch, *common, "budget.trials=6", *RUN) == 0
    whole = json.loads(Path("whole/summary.json").read_text())
    assert whole["trials"] == summary()["trials"]
    assert f"{whole['trials']['rejected']} rejected" in capsys.readouterr().out


@pytest.fixture
def mine(own_modules, tmp_path):
    """A space, a network and a constraint in the user's folder."""
    (tmp_path / "my_conf" / "search_space").mkdir(parents=True)
    (tmp_path / "my_conf" / "search_space" / "mine.yaml").write_text(MINE)
    (tmp_path / "my_rules.py").write_text(NETWORK)
    return ("--config-dir", "my_conf", "search_space=mine", *SMALL, *RUN)


def test_a_constraint_of_ones_own(mine, monkeypatch):
    assert nas_hydra(monkeypatch, *mine, "strategy=random", "budget.trials=6") == 0
    table = rows(Path("run"))
    assert {(row["width"], row["heads"]) for row in table} <= {("12", "3"), ("18", "3")}
    assert {row["state"] for row in table} == {"complete"}


def test_constraints_of_ones_own_that_contradict_each_other(mine, monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *mine, "search_space.constraints.1.most=2") == 2
    printed = capsys.readouterr().err
    errors = [line for line in printed.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "of 12 different ones tried so far, 0 meet the constraints" in errors[0]
    assert "my_rules.odd_heads (" in errors[0]
    assert "nas_hydra.constraint.Divisible (" in errors[0]
    assert "Traceback" not in printed
    assert not Path("run/journal.log").exists()


def test_an_argument_that_no_one_gives_to_ones_own_module(mine, monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *mine, "~search_space.model.classes") == 2
    assert (
        "error: search_space.model: does not fit my_rules.Perceptron: missing a required "
        "argument: 'classes'"
    ) in capsys.readouterr().err
