"""One network that tells several things, and how much each of them counts."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import nn

from command import SMALL, nas_hydra, rows
from nas_hydra.config.component import build
from nas_hydra.dataset import Dataset
from nas_hydra.dataset.choosing import Whole
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.task.classification import Classification
from nas_hydra.task.multi_task import MultiTask
from nas_hydra.task.reconstruction import Reconstruction
from nas_hydra.task.regression import Regression
from task.data import data

HERE = "task.test_multi_task"


class Spots:
    """Where on a line of 8 places a spot is, and on which side: a source."""

    def __init__(self, number: int) -> None:
        generator = torch.Generator().manual_seed(0)
        place = torch.randint(8, (number,), generator=generator)
        self.line = nn.functional.one_hot(place, 8) + 0.1 * torch.randn(
            number, 8, generator=generator
        )
        self.target = {"centre.x": 10.0 * place, "side": (place > 3).long()}

    def __getitem__(self, places):
        return self.line[places]


@dataclass(frozen=True, kw_only=True)
class Lines(Dataset, Whole):
    """Has a number and a class to be told of each row."""

    number: int
    target_kind: dict | None = None
    num_classes: dict | None = None

    @classmethod
    def found(cls, given):
        kinds = {"centre.x": "number", "side": "class"}
        return {"target_kind": kinds, "num_classes": {"side": 2}}

    def open_all(self):
        return Spots(self.number)

    def __hash__(self):
        return hash(self.number)


class Trunk(nn.Module):
    """As many outputs for each head as the task says."""

    def __init__(self, width: int, outputs: dict) -> None:
        super().__init__()
        self.names = list(outputs)
        self.trunk = nn.Sequential(nn.LazyLinear(width), nn.ReLU())
        self.heads = nn.ModuleList(nn.LazyLinear(number) for number in outputs.values())

    def forward(self, inputs):
        known = self.trunk(inputs)
        return {name: head(known) for name, head in zip(self.names, self.heads, strict=True)}


CONFIGS = {
    "dataset/lines.yaml": f"""
_target_: {HERE}.Lines
number: 200
target_kind: null
num_classes: null
batch_size: 32
holdout: 0.25
validation: 0.25
limit: null
seed: 0
memory_limit: null
workers: 0
""",
    "search_space/trunk.yaml": f"""
model:
  _target_: {HERE}.Trunk
  width: {{_choice_: [4, 8], _name_: width}}
  outputs: ${{task.outputs}}
""",
}
RUN = [word for word in SMALL if not word.startswith(("dataset", "trainer"))]
WORDS = (
    *(*RUN, "--config-dir=conf", "dataset=lines", "task=multi_task", "search_space=trunk"),
    *("trainer.max_epochs=3", "hydra.run.dir=run"),
)


@pytest.fixture
def search(monkeypatch):
    for name, text in CONFIGS.items():
        file = Path("conf", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return lambda *words: nas_hydra(monkeypatch, *WORDS, *words)


def regression():
    return Regression("mse", 1.0, [0.5], None, None, {})


def two(weights=(1.0, 1.0)):
    """A class and a number, bound to targets of both."""
    heads = {
        name: {"task": task, "weight": weight}
        for (name, task), weight in zip(
            {"side": Classification(), "place": regression()}.items(), weights, strict=True
        )
    }
    return MultiTask(heads, None).bound(data(TARGET, num_classes={"side": 2}))


TARGET = {"side": torch.tensor([0, 1, 1, 0]), "place": torch.tensor([1.0, 5.0, 6.0, 2.0])}
OUTPUT = {"side": torch.randn(4, 2), "place": torch.randn(4, 1)}


def test_the_loss_is_the_weighted_sum_of_the_heads_losses():
    side = Classification().bound(data(TARGET["side"], num_classes=2))
    place = regression().bound(data(TARGET["place"]))
    for how in ("mean", "sum"):
        wanted = 3 * side.loss(OUTPUT["side"], TARGET["side"], how) + 0.5 * place.loss(
            OUTPUT["place"], TARGET["place"], how
        )
        torch.testing.assert_close(two((3, 0.5)).loss(OUTPUT, TARGET, how), wanted)


def test_what_is_measured_does_not_depend_on_weights():
    one, other = two((3, 0.5)), two((1, 1))
    assert one.validation_loss(OUTPUT, TARGET) == other.validation_loss(OUTPUT, TARGET)
    found = one.score(one.kept(OUTPUT), TARGET)
    assert found.keys() == one.scores.keys()
    assert found == other.score(other.kept(OUTPUT), TARGET)
    assert one.directions == {
        "val_side_acc": "maximize",
        "val_side_f1": "maximize",
        "val_place_rmse": "minimize",
        "val_place_mae": "minimize",
        "val_place_r2": "maximize",
        "val_loss": "minimize",
        "train_loss": "minimize",
    }
    assert [*one.percent] == ["side_acc", "side_f1"]


def test_a_report_is_that_of_every_head():
    task = two()
    report = task.report(task.kept(OUTPUT), TARGET)
    assert {"test_side_acc", "test_place_rmse", "test_place_rmse_interval"} <= {*report.figures}
    assert {*report.parts["heads"]["side"]} == {"model", "confusion"}
    assert json.loads(json.dumps(report.parts))
    assert "as for place, it has an rmse of " in report.found("rows")
    assert "side: The accuracy of " in report.sentence("rows")


def test_what_a_folder_says_of_the_task_is_enough_to_answer():
    task = two()
    facts = json.loads(json.dumps(task.facts(data(TARGET, num_classes={"side": 2}))))
    heads = {
        name: {"task": one}
        for name, one in zip(TARGET, (Classification(), regression()), strict=True)
    }
    assert facts["task"]["heads"]["side"]["classes"] == ["0", "1"]
    assert facts["task"]["heads"]["place"]["outputs"] == ["place"]
    again = MultiTask(heads, None).restored(facts)
    for one in (task, again):
        told = one.answer(one.last_layer()(OUTPUT))
        assert told["side"].sum(dim=1).tolist() == pytest.approx([1, 1, 1, 1])
        place = OUTPUT["place"] * TARGET["place"].std(correction=0) + TARGET["place"].mean()
        torch.testing.assert_close(told["place"], place)


def test_heads_of_one_target_and_of_the_inputs():
    heads = {
        "number": {"task": regression()},
        "class": {"task": Classification()},
        "picture": {"task": Reconstruction(None), "weight": 0.1},
    }
    labels, images = torch.tensor([0, 1, 2]), torch.rand(3, 1, 2, 2)
    task = MultiTask(heads, None).bound(data(labels, num_classes=3))
    wanted = task.wanted(images, labels)
    assert torch.equal(wanted["number"], labels)
    assert torch.equal(wanted["picture"][0], images)
    output = {"number": torch.zeros(3, 1), "class": torch.zeros(3, 3), "picture": images}
    task.check(output, wanted)
    assert task.loss(output, wanted).isfinite()


def test_heads_follow_from_the_kinds_of_the_targets_and_what_is_said_of_them_stays():
    kinds = {"a.b": "number", "c": "class", "d": "labels"}
    dataset = {"target_kind": kinds, "num_classes": {"c": 3, "d": 2}, "num_targets": {"a.b": 1}}
    heads = {"a.b": {"task": {"loss": "mae"}, "weight": {"_choice_": [1, 2]}}}
    told = MultiTask.found({"heads": heads, "outputs": None}, dataset)
    assert told["outputs"] == {"a.b": 1, "c": 3, "d": 2}
    assert told["heads[a.b].task._target_"].endswith(".Regression")
    assert told["heads[c].task._target_"].endswith(".Classification")
    assert told["heads[d].task.threshold"] == 0.5
    assert told["heads[c].weight"] == 1.0
    assert not {"heads[a.b].task.loss", "heads[a.b].weight", "heads[c].task.keep"} & {*told}


@pytest.mark.parametrize(
    ("heads", "wanted"),
    [
        ({}, "task.heads: has no head"),
        ({"a": {"task": Classification(), "weight": 0}}, "task.heads: has no head"),
        ({"a": {"task": Classification(), "weight": -1}}, r"heads.a.weight: is -1; allowed"),
        ({"a": {"task": Classification(), "wieght": 1}}, r"heads.a.wieght: .*mean 'weight'"),
        ({"a": {"weight": 1}}, r"task.heads.a: is no head"),
        (
            {"a": {"task": Classification(patience=3)}},
            r"heads.a.task.patience: .*say task.patience",
        ),
    ],
)
def test_heads_without_a_meaning_are_refused(heads, wanted):
    with pytest.raises(ConfigError, match=wanted):
        MultiTask(heads, None)


def test_other_targets_and_outputs_are_refused_by_the_name_of_the_head():
    heads = {"sied": {"task": Classification()}}
    with pytest.raises(ConfigError, match=r"for head 'sied', has no target 'sied'.*mean 'side'"):
        MultiTask(heads, None).bound(data(TARGET, num_classes=2))
    with pytest.raises(ConfigError, match=r"nor the dataset names several targets"):
        MultiTask.found({"heads": {}, "outputs": None}, {"target_kind": "class"})
    with pytest.raises(ConfigError, match=r"task.heads.a.task: is missing"):
        MultiTask.found({"heads": {"a": {"weight": 2}}, "outputs": None}, {})
    kinds = {"target_kind": {"side": "class", "place": "number"}}
    with pytest.raises(ConfigError, match=r"task.heads.sied: is no target of .*mean 'side'"):
        MultiTask.found({"heads": {"sied": {"weight": 2}}, "outputs": None}, kinds)
    weighted = {"side": {"task": Classification([1, 2, 3])}}
    with pytest.raises(ConfigError, match=r"heads.side.task.class_weights: has 3 numbers"):
        MultiTask(weighted, None).bound(data(TARGET, num_classes=2))
    with pytest.raises(CandidateError, match="an output for each head is needed: 'side', 'place'"):
        two().check(torch.zeros(4, 3), TARGET)
    with pytest.raises(CandidateError, match=r"head 'place': the model gives outputs .*\(4, 1\)"):
        two().check({**OUTPUT, "place": torch.zeros(4, 2)}, TARGET)


def test_a_wrong_setting_of_a_head_is_told_with_its_whole_key():
    labels = {"_target_": "nas_hydra.task.multi_label.MultiLabel", "metrics": {}, "outputs": 3}
    heads = {"tags": {"task": {**labels, "threshold": 2.0}}}
    config = {"_target_": "nas_hydra.task.multi_task.MultiTask", "heads": heads, "outputs": None}
    with pytest.raises(ConfigError, match=r"^task.heads.tags.task.threshold: is 2.0; allowed"):
        build(config, "task")


def test_a_search_of_which_the_weights_are_open(search):
    weight = "task.heads.side.weight={_choice_:[0.3,3],_name_:weight}"
    assert search(weight, "objective.val_side_acc=maximize", "strategy=nsga2") == 0
    for row in rows(Path("run")):
        assert row["weight"] in ("0.3", "3")
        assert float(row["params"]) in (8 * w + w + 3 * w + 3 for w in (4, 8))
        assert 0 <= float(row["val_side_acc"]) <= 1
        assert float(row["val_centre.x_rmse"]) > 0


def test_a_network_with_one_output_is_refused_before_a_training(search, capsys):
    assert search("search_space=mlp", "search_space.model._args_.2.out_features=3") == 2
    assert "a dict with an output for each head is needed" in capsys.readouterr().err
