"""Masks, arrays and tables with images: from a file to a model that is checked and exported."""

import json
from pathlib import Path

import pytest
import torch
from torchvision.models import get_model

from command import nas_hydra, rows
from made import combined, masks, tensors
from nas_hydra.artifact import read_artifact
from nas_hydra.cli.export import run as export
from nas_hydra.cli.retrain import run as retrain
from nas_hydra.network import network_of

QUICK = (
    *("engine=serial", "tracker=none", "report=false", "trainer.max_epochs=1"),
    *("budget.trials=1", "hydra.run.dir=run"),
)
CONV = ("search_space=conv_net", "search_space.width._choice_=[8]")
LEVELS = "search_space.model.levels.0"
UNET = (
    *("search_space.model.width._choice_=[8]", f"{LEVELS}._repeat_._int_={{low:1,high:2}}"),
    *(f"{LEVELS}._block_.convs=1", f"{LEVELS}._block_.kernel=3"),
)
CASES = {
    "masks": (masks, UNET, "val_iou"),
    "classes": (tensors, CONV, "val_acc"),
    "numbers": (tensors, (*CONV, "task=regression", "dataset.target=middle"), "val_rmse"),
    "images and columns": (combined, (), "val_rmse"),
}


def search(monkeypatch, kind, *more: str) -> int:
    return nas_hydra(monkeypatch, *QUICK, *kind.write(Path()), *more)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(one, marks=() if one in ("masks", "classes") else pytest.mark.long)
        for one in CASES
    ],
)
def test_a_search_trains_and_measures(case, monkeypatch):
    kind, more, metric = CASES[case]
    assert search(monkeypatch, kind, *more) == 0
    assert json.loads(Path("run/summary.json").read_text())["trials"]["complete"] == 1
    assert metric in rows(Path("run"))[0]


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_a_model_is_checked_again_and_exported(case, monkeypatch, capsys):
    kind, more, metric = CASES[case]
    assert search(monkeypatch, kind, *more) == 0
    again = ["run=run", "seeds=1", "random=false", "baseline=none"]
    assert retrain(["nas-hydra-retrain", *again]) == 0
    found = json.loads(Path("run/retrain/metrics.json").read_text())
    assert metric.replace("val_", "test_") in found["model"]
    capsys.readouterr()
    assert retrain(["nas-hydra-retrain", "--verify", "run/retrain"]) == 0
    for name in ("torch_export", "onnx"):
        assert export(["nas-hydra-export", "run=run/retrain", f"format={name}"]) == 0
        assert "the same as torch on" in capsys.readouterr().out


@pytest.mark.long
def test_a_model_of_masks_gives_a_class_for_each_pixel(monkeypatch):
    assert search(monkeypatch, masks, *UNET) == 0
    again = ["run=run", "seeds=1", "random=false", "baseline=none"]
    assert retrain(["nas-hydra-retrain", *again]) == 0
    artifact = read_artifact(Path("run/retrain"))
    with torch.no_grad():
        output = network_of(artifact)(torch.rand(3, 3, masks.SIDE, masks.SIDE))
    assert artifact.task().answer(output).shape == (3, masks.SIDE, masks.SIDE)
    assert list(artifact.classes or ()) == ["0", "1", "2", "3"]


@pytest.mark.long
def test_a_network_is_fine_tuned_from_a_file(monkeypatch):
    torch.save(get_model("mobilenet_v3_small").state_dict(), "mobilenet_v3_small-1.pth")
    space = ("search_space=fine_tune", "search_space.weights=.", "search_space.side=32")
    backbone = "search_space.model.backbone._choice_=[mobilenet_v3_small]"
    assert nas_hydra(monkeypatch, *QUICK, *space, backbone, "dataset.limit=100") == 0


@pytest.mark.parametrize(
    ("kind", "wrong", "problem"),
    [
        (masks, "dataset.masks=mask", "it holds the folders 'images', 'masks'"),
        (masks, "task=classification", "say task=segmentation"),
        (tensors, "dataset.target=midle", "did you mean 'middle'"),
        (combined, "dataset.images=fil", "did you mean 'file'"),
    ],
)
def test_what_is_wrong_ends_a_search_before_it_begins(kind, wrong, problem, monkeypatch, capsys):
    overrides = [one for one in kind.write(Path()) if not wrong.startswith(one.split("=")[0] + "=")]
    assert nas_hydra(monkeypatch, *QUICK, *overrides, wrong) == 2
    told = capsys.readouterr().err
    assert problem in told
    assert len([line for line in told.splitlines() if line.startswith("error")]) == 1
    assert not Path("run").exists()
