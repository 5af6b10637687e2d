"""``task=own``: a LightningModule and its data are searched as they stand."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf

from command import finish, nas_hydra, rows

TEMPLATE = Path(__file__).parents[1] / "template"
SEARCH = (
    *("--config-dir", str(TEMPLATE / "configs"), "task=own", "hydra.run.dir=run"),
    *("engine=serial", "tracker=none", "report=false", "budget.trials=2", "strategy=random"),
    *("trainer.max_epochs=1", "+trainer.limit_train_batches=4"),
)
BY_FILE = (*SEARCH, "search_space=mnist")
BY_GROUPS = (
    *(*SEARCH, "+data@dataset=mnist", "+model@search_space.model=mnist", "+paths=default"),
    "search_space.model.net.lin1_size={_choice_:[16,32]}",
    "~search_space.model.optimizer",
    "+search_space.model.optimizer={_choice_:{"
    "adam:{_target_:torch.optim.Adam,_partial_:true,lr:0.01},"
    "sgd:{_target_:torch.optim.SGD,_partial_:true,lr:{_float_:{low:0.0001,high:0.1,log:true}}}}}",
)
VAL_ACC = "objective={val/acc:maximize}"
GROUPS = ["search_space=own", "+model@search_space.model=mnist", "trainer.default_root_dir=."]
"""In the place of ``search_space=mnist``, which says what the data is."""

MODULE = """
import torch
from pytorch_lightning import LightningDataModule, LightningModule
from torch.utils.data import DataLoader, TensorDataset

from src.data.mnist_datamodule import MNISTDataModule
from src.models.mnist_module import MNISTLitModule


class Plain(LightningModule):
    def __init__(self, width=4, lr=0.1):
        super().__init__()
        self.net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
        self.lr = lr

    def training_step(self, batch, index):
        return torch.nn.functional.cross_entropy(self.net(batch[0]), batch[1])

    def validation_step(self, batch, index):
        pass

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.lr)


class Stepless(LightningModule):
    pass


class Broken(Plain):
    def training_step(self, batch, index):
        raise RuntimeError("no such thing")


class Unvalidated(LightningDataModule):
    def train_dataloader(self):
        return DataLoader(TensorDataset(torch.rand(8, 64), torch.zeros(8).long()), 4)


class Empty(Unvalidated):
    def val_dataloader(self):
        return DataLoader(TensorDataset(torch.rand(0, 64), torch.zeros(0).long()), 4)
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch, own_modules):
    monkeypatch.setenv("PROJECT_ROOT", str(tmp_path))
    Path("own_parts.py").write_text(MODULE)


def told(monkeypatch, capsys, *words: str) -> str:
    assert nas_hydra(monkeypatch, *words) == 2
    assert not Path("run").exists()
    return capsys.readouterr().err.partition("error: ")[2].strip()


@pytest.mark.parametrize("words", [BY_FILE, BY_GROUPS], ids=["by one file", "by their groups"])
@pytest.mark.parametrize("objective", [VAL_ACC, "objective=val_acc"])
def test_a_templates_project_is_searched_as_it_stands(monkeypatch, words, objective):
    assert nas_hydra(monkeypatch, *words, objective) == 0
    found = rows(Path("run"))
    assert all(0 < float(row["val/acc"]) <= 1 for row in found)
    assert found[0]["val/acc_best"] == found[0]["val/acc"]
    assert len({row["train/loss"] for row in found}) == len(found)
    summary = json.loads(Path("run/summary.json").read_text())
    assert [*summary["objectives"]] == ["val/acc"]
    module = instantiate(OmegaConf.load("run/best.yaml").model, _convert_="all")
    module.load_state_dict(torch.load("run/best.ckpt", weights_only=True))


def test_a_search_of_own_modules_resumes(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *BY_FILE, "objective=val_acc") == 0
    first = rows(Path("run"))
    more = [word.replace("budget.trials=2", "budget.trials=3") for word in BY_FILE]
    assert nas_hydra(monkeypatch, *more, VAL_ACC) == 0
    assert rows(Path("run"))[:2] == first
    assert "2 trials are recorded already" in capsys.readouterr().err


def test_a_module_is_searched_on_one_of_our_datasets(monkeypatch):
    words = ("dataset=digits", "dataset.limit=100", "dataset.batch_size=16", "objective=val_loss")
    model = ("+model@search_space.model=mnist", "search_space.model.net.lin1_size={_choice_:[8,9]}")
    assert nas_hydra(monkeypatch, *SEARCH, *model, *words, "objective={val/loss:minimize}") == 2
    words = (*words[:3], "objective={val/loss:minimize}", "trainer.default_root_dir=.")
    assert nas_hydra(monkeypatch, *SEARCH, *model, *words) == 0
    assert len(rows(Path("run"))) == 2


def test_a_datamodule_serves_bare_networks_too(monkeypatch):
    net = "search_space.model._target_=src.models.components.simple_dense_net.SimpleDenseNet"
    taken = [word for word in SEARCH if word != "task=own"]
    data = ("dataset=own", "+data@dataset=mnist", "+paths=default")
    space = ("search_space=own", net, "+search_space.model.lin1_size={_choice_:[8,16]}")
    assert nas_hydra(monkeypatch, *taken, *data, *space) == 0
    assert all(float(row["val_acc"]) > 0 for row in rows(Path("run")))


WRONG = {
    "an objective that is not logged": (
        ["objective={val/accuracy:maximize}"],
        "evaluator.measure: names 'val/accuracy', which is not measured; allowed: 'val/loss',"
        " 'val/acc', 'val/acc_best', 'train/loss', 'train/acc', 'params'",
    ),
    "no objective": ([], "objective: names no metric; measured are 'val/loss', 'val/acc'"),
    "a direction that the metric knows better": (
        ["objective={val/acc:minimize}"],
        "objective.val/acc: is 'minimize', but val/acc is better the other way; say maximize",
    ),
    "a module that logs nothing": (
        [VAL_ACC, "~search_space.model", "+search_space.model={_target_:own_parts.Plain}"],
        "search_space.model: Plain logs nothing",
    ),
    "a module without steps": (
        [VAL_ACC, "~search_space.model", "+search_space.model={_target_:own_parts.Stepless}"],
        "search_space.model: a random candidate (nothing is open): the LightningModule Stepless has"
        " no training_step",
    ),
    "a module that fails": (
        [VAL_ACC, "~search_space.model", "+search_space.model={_target_:own_parts.Broken}"],
        "search_space.model: a random candidate (nothing is open): the module fails in a dry run",
    ),
    "a bare network": (
        [VAL_ACC, "~search_space.model", "+search_space.model={_target_:torch.nn.Flatten}"],
        "search_space.model: a random candidate (nothing is open): the model is a Flatten, and no"
        " LightningModule, which task=own trains",
    ),
    "data without validation": (
        [*GROUPS, "dataset._target_=own_parts.Unvalidated"],
        "dataset: Unvalidated has no val_dataloader, which is needed to rank candidates",
    ),
    "data without a batch": (
        [*GROUPS, "dataset._target_=own_parts.Empty"],
        "dataset: Empty.val_dataloader gives no batch",
    ),
    "data of no kind": (
        [*GROUPS, "dataset._target_=torch.nn.Flatten"],
        "dataset: gives a Flatten, which is no Data",
    ),
    "an open optimizer": (
        [VAL_ACC, "optimizer=sgd", "optimizer.lr={_choice_:[0.1,0.2]}"],
        "optimizer: has open values, but a module of one's own (task=own) does not look at it",
    ),
    "memory": (
        ["objective={val/acc:maximize,memory:minimize}"],
        "objective.memory: is not told of a module that trains as it says itself",
    ),
    "no task=own": (
        [*GROUPS, "task=classification", "dataset=digits", "dataset.limit=100"],
        "search_space.model: a random candidate (nothing is open): the model is the LightningModule"
        " MNISTLitModule, whose own training_step, validation_step, configure_optimizers would not"
        " be used; say task=own",
    ),
    "a callback that waits for what is not logged": (
        [
            VAL_ACC,
            "+trainer.callbacks={stop:{_target_:pytorch_lightning.callbacks.EarlyStopping,"
            "monitor:val_acc}}",
        ],
        "trainer.callbacks: EarlyStopping waits for 'val_acc', which MNISTLitModule does not log",
    ),
}


@pytest.mark.parametrize(("words", "wanted"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_searched_is_told_before(monkeypatch, capsys, words, wanted):
    assert told(monkeypatch, capsys, *BY_FILE, *words).startswith(wanted)


def test_what_is_not_used_is_told(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *BY_FILE, VAL_ACC, "optimizer=sgd", "budget.trials=1") == 0
    assert "optimizer: not used; with task=own the module has its own" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("lightning") is None, reason="lightning is not there")
def test_modules_of_lightning_are_trained_by_lightning(tmp_path):
    for file in (TEMPLATE / "src").rglob("*.py"):
        copy = tmp_path / "other" / file.relative_to(TEMPLATE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text().replace("from pytorch_lightning", "from lightning.pytorch")
        copy.write_text(text)
    (tmp_path / "other/configs").symlink_to(TEMPLATE / "configs")
    words = [word.replace(str(TEMPLATE), str(tmp_path / "other")) for word in BY_FILE]
    ended = finish(*words, VAL_ACC)  # in a process that has imported no other src
    assert ended.returncode == 0
    assert "lightning.pytorch.Trainer is taken" in ended.stderr
