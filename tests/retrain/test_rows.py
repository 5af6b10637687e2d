"""From a search over rows that are no images, for a task of one's own, to an exported model."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from command import nas_hydra
from isolation import isolated
from nas_hydra.artifact import read_artifact
from nas_hydra.cli.export import run as export
from nas_hydra.cli.predict import run as predict
from nas_hydra.cli.retrain import run as retrain
from nas_hydra.errors import ConfigError
from nas_hydra.network import network_of
from retrain.rows import CONFIGS, HERE, Bought

TRUST = f"trust=[{HERE}]"
SEARCH = ("search_space=basket", "dataset=customers", "task=rmse", "objective=rmse")
QUICK = ("engine=serial", "tracker=none", "report=false", "budget.trials=2", "trainer.max_epochs=2")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a search in ``run`` and a model of it in ``run/retrain``."""
    home = tmp_path_factory.mktemp("rows")
    with isolated(home) as patch:
        for name, text in CONFIGS.items():
            file = Path("configs", name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        words = (*SEARCH, *QUICK, "hydra.run.dir=run", "optimizer.lr=0.01")
        assert nas_hydra(patch, "--config-dir=configs", *words) == 0
        assert retrain(["nas-hydra-retrain", "run=run", TRUST, "seeds=2"]) == 0
    return home


@pytest.fixture
def folder(made) -> Path:
    """The folder of the model, in a copy of all that was made."""
    shutil.copytree(made, ".", dirs_exist_ok=True)
    return Path("run/retrain")


def test_the_folder_says_what_the_model_takes_and_nothing_of_images(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        *("MODEL_CARD.md", "best.yaml", "examples.npz", "metrics.json"),
        *("model.ckpt", "model.json", "prepare.ckpt"),
    ]
    described = json.loads((folder / "model.json").read_text())
    ids, sizes = {"dtype": "int64", "shape": [5]}, {"dtype": "float32", "shape": [3]}
    assert described["inputs"] == {"ids": ids, "sizes": sizes}
    assert not {"classes", "image", "normalize"} & described.keys()
    found = json.loads((folder / "metrics.json").read_text())
    assert found["rows"] == {"trained_on": 180, "tested_on": 60}
    assert [one["role"] for one in found["networks"]] == ["winner", "random", "reference"]
    first = found["networks"][0]["metrics"]["test_rmse"]["values"][0]
    assert found["model"] == {"test_rmse": pytest.approx(first, rel=1e-4)}
    card = (folder / "MODEL_CARD.md").read_text()
    assert "Measured on 60 test rows: this is the first use of the test split" in card
    assert "None of the 60 test rows was seen" in card
    assert "`{ids: int64 (N, 5), sizes: float32 (N, 3)}`" in card
    assert not [word for word in ("image", "class", "pixel", "torchvision's") if word in card]


def test_the_network_prepares_the_inputs_itself(folder):
    network = network_of(read_artifact(folder, trust=[HERE]))
    rows = Bought(240)
    with torch.no_grad():
        given = network(rows[torch.arange(240)])
    assert given.shape == (240,)
    assert network.prepare.mean == pytest.approx(rows.sizes.mean(dim=0), rel=0.05)


def test_verified_and_what_was_changed_is_named(folder, capsys):
    words = ["nas-hydra-retrain", "--verify", "run", TRUST]
    assert retrain(words) == 0
    assert "measured anew, the model has test_rmse " in capsys.readouterr().out
    file = folder / "metrics.json"
    held = json.loads(file.read_text())
    known = held["model"]["test_rmse"]
    held["model"]["test_rmse"] = 1.01 * known
    file.write_text(json.dumps(held))
    assert retrain(words) == 1
    assert f"test_rmse is {known:.4f}, and by metrics.json" in capsys.readouterr().err


def test_a_preparation_that_has_changed_or_is_not_trusted_is_not_read(folder):
    with pytest.raises(ConfigError, match=r"is 'retrain\.rows\.(Basket|Scaled)'"):
        read_artifact(folder)
    file = folder / "prepare.ckpt"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ConfigError, match=r"prepare\.ckpt is damaged \(its SHA-256"):
        network_of(read_artifact(folder, trust=[HERE]))


@pytest.mark.parametrize(
    "name", ["state_dict", "torch_export", pytest.param("onnx", marks=pytest.mark.long)]
)
def test_what_is_exported_agrees_with_torch(name, folder, capsys):
    assert export(["nas-hydra-export", f"run={folder}", f"format={name}", TRUST]) == 0
    out = capsys.readouterr().out
    assert "the same as torch on 60 test rows: outputs differ by at most" in out
    if name == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(str(folder / "export/model.onnx"))
        assert [one.name for one in session.get_inputs()] == ["ids", "sizes"]
        assert [one.name for one in session.get_outputs()] == ["output"]


def test_python_and_prediction_say_what_they_are_for(folder, capsys):
    Path("a.png").touch()
    assert export(["nas-hydra-export", f"run={folder}", "format=python", TRUST]) == 2
    assert "python writes classifiers of images, which this is not" in capsys.readouterr().err
    assert predict(["nas-hydra-predict", f"model={folder}", "a.png", TRUST]) == 2
    problem = capsys.readouterr().err
    assert "model: takes {ids: int64 of shape (1, 5), sizes: float32 of shape (1, 3)}" in problem
    assert len(problem.splitlines()) == 1


def test_a_baseline_that_nobody_knows_is_refused(folder, capsys):
    words = ["nas-hydra-retrain", "run=run", TRUST, "folder=other", "baseline=resnet18"]
    assert retrain(words) == 2
    assert "baseline: is 'resnet18', and for this task and data no" in capsys.readouterr().err
