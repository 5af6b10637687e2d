"""Every seam takes an option from outside: one Python file, one YAML file, one line to type."""

import json
import re
from pathlib import Path

import pytest

from command import SMALL, nas_hydra, rows

SPACE = (
    "search_space=mlp",
    "search_space.model._args_.1._repeat_=1",
    "search_space.activation=torch.nn.ReLU",
)
"""Perceptrons of one layer: width and dropout are open."""

EVALUATOR = '''
from nas_hydra.evaluator import Evaluator
from nas_hydra.trial import Evaluation


class Distance(Evaluator):
    """How far the learning rate is from a good one; nothing is trained."""

    def __init__(self, good: float) -> None:
        self.good = good

    @property
    def metrics(self):
        return ["distance"]

    def evaluate(self, candidate, repeat, weights):
        return Evaluation({"distance": abs(candidate["optimizer"]["lr"] - self.good)}, epochs=0)
'''
ENGINE = '''
from concurrent.futures import ThreadPoolExecutor


class Thread:
    """Evaluates in a thread."""

    order = "asked"

    def __init__(self, ahead: int, limits=None) -> None:
        self.ahead = ahead

    def start(self, evaluator) -> None:
        self.evaluator, self.pool = evaluator, ThreadPoolExecutor(1)

    def submit(self, job):
        print("submitted", job.proposal.number)
        return self.pool.submit(job, self.evaluator)

    def shutdown(self) -> None:
        self.pool.shutdown(cancel_futures=True)
'''
STRATEGY = '''
from nas_hydra.search_space import every
from nas_hydra.trial import Proposal


class Grid:
    """One candidate after the other."""

    def __init__(self, space, objectives) -> None:
        self.candidates = every(space)

    def ask(self, number, rng):
        genotype = next(self.candidates, None)
        return None if genotype is None else Proposal(number, genotype, "grid")

    def tell(self, trial) -> None:
        pass
'''
TRACKER = '''
class Diary:
    """A line for each trial."""

    def __init__(self, name: str) -> None:
        self.name = name

    def start(self, run) -> None:
        self.file = run.folder / self.name

    def tell(self, trial, front, recorded) -> None:
        with self.file.open("a") as stream:
            print(trial.number, trial.state, file=stream)

    def finish(self, summary, exit_code) -> None:
        with self.file.open("a") as stream:
            print("ended with", exit_code, file=stream)
'''
PAGE = (Path(__file__).parents[2] / "docs/tasks.md").read_text()
FILES = dict(re.findall(r"```\w+\n# (\S+\.\w+)\n(.*?)```", PAGE, re.DOTALL))
DATASET = '''
from dataclasses import dataclass
import torch
from nas_hydra.dataset import Dataset
from nas_hydra.dataset.choosing import Whole


class Pairs:
    def __init__(self, size: int) -> None:
        self.ids = torch.arange(2 * size).view(size, 2) % 7
        self.target = self.ids.sum(dim=1) % 2

    def __getitem__(self, places):
        return {"ids": self.ids[places], "share": self.ids[places] / 7}


@dataclass(frozen=True, kw_only=True)
class Sums(Dataset, Whole):
    """Two numbers as ids and as shares of 7; their sum is even, or odd."""

    size: int
    num_classes: int = 2

    def open_all(self) -> Pairs:
        return Pairs(self.size)
'''
NETWORK = """
import torch
from torch import nn


class Adding(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.embedding, self.head = nn.Embedding(7, width), nn.Linear(2 * width + 2, 2)

    def forward(self, inputs):
        known = self.embedding(inputs["ids"]).flatten(1)
        return self.head(torch.cat([known, inputs["share"]], dim=1))
"""
PERCEPTRON = """
from torch import nn


class Perceptron(nn.Sequential):
    def __init__(self, hidden: int, num_classes: int) -> None:
        head = nn.Linear(hidden, num_classes)
        super().__init__(nn.Flatten(), nn.LazyLinear(hidden), nn.ReLU(), head)
"""
HOUSE = {
    "evaluator": (
        EVALUATOR,
        "# how far the learning rate is from a good one\n"
        "defaults:\n  - override /objective@_global_.objective: none\n  - _self_\n"
        "_target_: my_evaluator.Distance\ngood: 0.01\n",
    ),
    "engine": (ENGINE, "# in a thread\n_target_: my_engine.Thread\nahead: 2\n"),
    "strategy": (STRATEGY, "# one after the other\n_target_: my_strategy.Grid\n"),
    "task": (FILES["my_task.py"], FILES["my_conf/task/power.yaml"]),
    "dataset": (
        DATASET,
        "# pairs of numbers\n_target_: my_dataset.Sums\nsize: 100\nbatch_size: null\n"
        "validation: 0.2\nholdout: 0.2\nlimit: null\nseed: 0\nmemory_limit: null\nworkers: 0\n",
    ),
    "search_space": (
        PERCEPTRON,
        "# one hidden layer\nmodel:\n  _target_: my_search_space.Perceptron\n"
        "  hidden: {_choice_: [8, 16], _name_: hidden}\n  num_classes: ${dataset.num_classes}\n",
    ),
    "tracker": (TRACKER, "# a diary\n_target_: my_tracker.Diary\nname: diary.txt\n"),
}


@pytest.fixture
def search(monkeypatch, tmp_path, own_modules):
    """A search of two trials with an option of this group of one's own."""

    def run(group: str, *words: str, code: int = 0) -> None:
        module, option = HOUSE[group]
        (tmp_path / "conf" / group).mkdir(parents=True)
        (tmp_path / "conf" / group / "mine.yaml").write_text(option)
        (tmp_path / f"my_{group}.py").write_text(module)
        own_space = group == "search_space" or "search_space=values" in words
        given = [*SMALL, *(() if own_space else SPACE)]
        kept = [word for word in given if not word.startswith(f"{group}=")]
        own = ("--config-dir", "conf", f"{group}=mine", "budget.trials=2", "hydra.run.dir=run")
        assert nas_hydra(monkeypatch, *kept, *own, *words) == code

    return run


def test_an_option_takes_less_than_a_page():
    for module, option in HOUSE.values():
        assert len(module.splitlines()) + len(option.splitlines()) < 40


def test_an_evaluator_of_ones_own(search):
    rate = "optimizer.lr={_float_:{low:1e-4,high:1.0,log:true},_name_:lr}"
    search("evaluator", "objective.distance=minimize", rate)
    for row in rows(Path("run")):
        assert float(row["distance"]) == pytest.approx(abs(float(row["lr"]) - 0.01))


def test_an_engine_of_ones_own(search, capsys):
    search("engine")
    assert "submitted 0\nsubmitted 1\n" in capsys.readouterr().out
    assert [row["state"] for row in rows(Path("run"))] == ["complete", "complete"]


def test_a_strategy_of_ones_own(search):
    search("strategy")
    table = rows(Path("run"))
    assert [row["origin"] for row in table] == ["grid", "grid"]
    assert [row["dropout[0]"] for row in table] == ["0.0", "0.2"]
    assert json.loads(Path("run/summary.json").read_text())["trials"]["complete"] == 2


def test_a_tracker_of_ones_own(search):
    search("tracker")
    assert Path("run/diary.txt").read_text() == "0 complete\n1 complete\nended with 0\n"


def test_a_task_of_ones_own(search):
    search("task", "objective.val_far=minimize", "task.power={_choice_:[1,2],_name_:power}")
    table = rows(Path("run"))
    assert {row["power"] for row in table} <= {"1", "2"}
    assert all(0 < float(row["val_far"]) < 20 and "val_acc" not in row for row in table)


def test_what_a_network_gives_is_told_if_a_task_cannot_take_it(search, capsys):
    flat = "search_space.model={_target_:torch.nn.Flatten,start_dim:0}"
    search("task", "objective.val_far=minimize", "search_space=values", flat, code=2)
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "the model gives float32 of shape (1024,) for targets of int64 of shape (16,)" in told
    assert "which the task Power cannot take: IndexError" in told


def test_an_objective_that_contradicts_a_score_is_refused(search, capsys):
    search("task", "objective.val_far=maximize", code=2)
    assert "val_far is better the other way; say minimize" in capsys.readouterr().err


def test_a_dataset_of_ones_own(search):
    Path("my_network.py").write_text(NETWORK)
    model = "{_target_:my_network.Adding,width:{_choice_:[2,3],_name_:width}}"
    space = ("search_space=values", f"search_space.model={model}", "strategy=random")
    search("dataset", *space, "trainer.max_epochs=20", "dataset.limit=null")
    table = rows(Path("run"))
    assert [
        float(row["params"]) == 7 * width + 2 * (2 * width + 2) + 2
        for row in table
        for width in [int(row["width"])]
    ] == [True, True]
    assert all(0 < float(row["val_acc"]) <= 1 for row in table)


def test_a_search_space_of_ones_own(search):
    search("search_space")
    table = rows(Path("run"))
    assert {row["hidden"] for row in table} == {"8", "16"}
    for row in table:
        hidden = int(row["hidden"])
        assert float(row["params"]) == 64 * hidden + hidden + 10 * hidden + 10
