"""Whole searches: their files, their exit codes, and that nothing is lost."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from command import SMALL, nas_hydra, rows, start
from nas_hydra.dataset.digits import Digits

FILES = {
    *(
        "trials.csv",
        "best.yaml",
        "best.ckpt",
        "best.svg",
        "summary.json",
        "journal.log",
        "examples.npz",
        "nas-hydra.log",
    ),
    *(".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml"),
}


def written(folder: Path) -> set[str]:
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in files if not name.endswith(".lock")}


@pytest.fixture
def search(monkeypatch):
    """A small search in ``run``, in this process; its summary."""

    def run(*overrides: str, folder: str = "run") -> dict:
        assert nas_hydra(monkeypatch, *SMALL, f"hydra.run.dir={folder}", *overrides) == 0
        return json.loads(Path(folder, "summary.json").read_text())

    return run


@pytest.mark.parametrize("strategy", ["evolution", "random", "tpe"])
def test_a_search_leaves_the_documented_files(search, strategy):
    summary = search(f"strategy={strategy}", "budget.trials=4")
    assert written(Path("run")) == FILES
    assert summary["strategy"] == strategy
    assert summary["trials"]["complete"] == 4
    assert len(rows(Path("run"))) == 4
    best = max(rows(Path("run")), key=lambda row: float(row["val_acc"]))
    assert float(best["val_acc"]) == summary["best"]["values"]["val_acc"]


def test_the_winner_builds_and_works_without_the_search(search):
    summary = search()
    code = """
import sys, torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
network = instantiate(OmegaConf.load("run/best.yaml").model)
network.load_state_dict(torch.load("run/best.ckpt", weights_only=True))
assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 10)
used = [name for name in sys.modules if name.startswith("nas_hydra")]
print(sorted(used))
"""
    shown = subprocess.run(
        [sys.executable, "-c", code], text=True, capture_output=True, check=True
    ).stdout
    assert eval(shown) == ["nas_hydra", "nas_hydra.model", "nas_hydra.model.conv"]
    network = instantiate(OmegaConf.load("run/best.yaml").model)
    network.load_state_dict(torch.load("run/best.ckpt", weights_only=True))
    images = instantiate(OmegaConf.load("run/best.yaml").dataset).valid
    with torch.no_grad():
        hits = network.eval()(images.inputs).argmax(1) == images.target
    assert hits.double().mean().item() == pytest.approx(summary["best"]["metrics"]["val_acc"])


def test_the_saved_config_is_the_composed_one(search):
    search("optimizer.lr=0.05")
    saved = OmegaConf.load("run/.hydra/config.yaml")
    assert saved.optimizer.lr == 0.05
    assert saved.search_space.width["_choice_"] == [16, 32, 64]
    assert "optimizer.lr=0.05" in OmegaConf.load("run/.hydra/overrides.yaml")


def test_one_seed_is_one_list_of_trials(search):
    search("budget.trials=5", folder="one")
    search("budget.trials=5", folder="two")
    search("budget.trials=5", "seed=1", folder="three")
    assert rows(Path("one")) == rows(Path("two"))
    assert rows(Path("one")) != rows(Path("three"))


def test_architecture_and_learning_rate_are_searched_together(search):
    summary = search("optimizer.lr={_float_:{low:1e-3,high:1e-1,log:true}}")
    rate = summary["best"]["genotype"]["optimizer.lr"]
    assert 1e-3 <= rate <= 1e-1
    assert OmegaConf.load("run/best.yaml").optimizer.lr == rate


def test_a_candidate_is_trained_once(search):
    summary = search(*STUBBORN)
    assert summary["trials"] == {
        "complete": 3,
        "pruned": 0,
        "failed": 0,
        "duplicates_saved": 2,
        "infeasible": 0,
        "rejected": 0,
    }


def test_a_candidate_is_trained_again_if_asked(search):
    summary = search(*STUBBORN, "budget.repeats=1")
    assert summary["trials"]["duplicates_saved"] == 1
    first, second, third = (row["val_loss"] for row in rows(Path("run")))
    assert first != second
    assert first == third


STUBBORN = ("strategy=random", "strategy._target_=strategy.strategies.Stubborn")
"""Proposes one candidate again and again."""


def test_the_test_split_is_not_touched(search, monkeypatch):
    monkeypatch.setattr(Digits, "opened_parts", lambda self: pytest.fail("test split read"))
    search()


def test_every_failure_is_recorded_and_a_search_of_failures_fails(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *SMALL, "optimizer.lr=1e30", "hydra.run.dir=run") == 1
    assert "none of 3 trials was completed" in capsys.readouterr().err
    assert [row["state"] for row in rows(Path("run"))] == ["failed"] * 3
    assert "diverged" in rows(Path("run"))[0]["error"]
    assert json.loads(Path("run/summary.json").read_text())["best"] is None


def test_a_finished_search_says_so(search, capsys):
    before = search()
    capsys.readouterr()
    assert search() == before
    printed = capsys.readouterr()
    assert "is finished already" in printed.err
    assert "winner" in printed.out


@pytest.mark.long
def test_a_larger_budget_goes_on_where_the_search_ended(search, capsys):
    search("budget.trials=2")
    first = rows(Path("run"))
    capsys.readouterr()
    search("budget.trials=4")
    assert "2 trials are recorded already" in capsys.readouterr().err
    assert rows(Path("run"))[:2] == first
    assert len(rows(Path("run"))) == 4


@pytest.mark.long
@pytest.mark.parametrize("ahead", [1, 3])
def test_a_killed_search_ends_as_an_uninterrupted_one(search, ahead):
    common = (*SMALL, "budget.trials=12", f"engine.ahead={ahead}", "strategy.population_size=4")
    search(*common[3:], folder="whole")
    for lines in (2, 7):  # killed as soon as so many trials are on disk
        process = start(*common, "hydra.run.dir=killed")
        for line in process.stderr:
            if line.startswith(f"{lines - 1:>4}  "):
                break
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert not Path("killed/summary.json").exists()
    search(*common[3:], folder="killed")
    assert rows(Path("killed")) == rows(Path("whole"))
    for name in ("best.yaml", "best.ckpt"):
        assert Path("killed", name).exists()
    assert Path("killed/best.yaml").read_text() == Path("whole/best.yaml").read_text()
    killed, whole = (
        torch.load(Path(folder, "best.ckpt"), weights_only=True) for folder in ("killed", "whole")
    )
    assert all(torch.equal(killed[name], whole[name]) for name in whole)


@pytest.mark.long
def test_interrupt_leaves_everything_in_order(search):
    process = start(*SMALL, "budget.trials=500", "hydra.run.dir=run")
    for line in process.stderr:
        if line.startswith("   2  "):
            break
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in printed
    assert "hydra.run.dir=" in printed.splitlines()[-1]
    done = len(rows(Path("run")))
    study = optuna.load_study(
        study_name="search",
        storage=optuna.storages.JournalStorage(
            optuna.storages.journal.JournalFileBackend("run/journal.log")
        ),
    )
    assert len(study.trials) == done >= 3
    assert Path("run/best.ckpt").exists()


def test_a_space_and_a_module_of_ones_own(monkeypatch, own_modules, tmp_path, capsys):
    """Space, YAML and module lie in the user's folder; nothing of theirs is installed."""
    (tmp_path / "my_conf" / "search_space").mkdir(parents=True)
    (tmp_path / "my_conf" / "search_space" / "mine.yaml").write_text(
        """# my own space
model:
  _target_: my_network.Perceptron
  hidden: {_choice_: [8, 16]}
  classes: ${dataset.num_classes}
"""
    )
    (tmp_path / "my_network.py").write_text(
        """from torch import nn
class Perceptron(nn.Sequential):
    def __init__(self, hidden: int, classes: int) -> None:
        super().__init__(nn.Flatten(), nn.LazyLinear(hidden), nn.ReLU(), nn.Linear(hidden, classes))
"""
    )
    own = ("--config-dir", "my_conf", "search_space=mine")
    assert nas_hydra(monkeypatch, *own, *SMALL, "hydra.run.dir=run") == 0
    assert OmegaConf.load("run/best.yaml").model["_target_"] == "my_network.Perceptron"
    assert "hidden" in capsys.readouterr().out


def test_learning_on_real_fashion_mnist(search, fashion_mnist):
    summary = search(
        "dataset=fashion_mnist",
        f"dataset.root={fashion_mnist}",
        "dataset.limit=1500",
        "trainer.max_epochs=2",
        "search_space.width._choice_=[16]",
    )
    assert summary["dataset"] == "fashion_mnist"
    assert summary["best"]["values"]["val_acc"] > 0.5  # guessing gives 0.1
