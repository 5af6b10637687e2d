"""The folder of a model: what is missing or damaged is said, with the command that makes it."""

import json
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from nas_hydra.artifact import read_artifact
from nas_hydra.errors import ConfigError
from nas_hydra.files.digest import digest_of_file, sealed

CONFIG = {
    "model": {
        "_target_": "torch.nn.Sequential",
        "_args_": [
            {"_target_": "torch.nn.LazyConv2d", "out_channels": 3, "kernel_size": 3},
            {"_target_": "torch.nn.Flatten"},
            {"_target_": "torch.nn.LazyLinear", "out_features": 2},
        ],
    }
}
DESCRIPTION = {
    "classes": ["cat", "dog"],
    "image": {"channels": 1, "height": 4, "width": 4},
    "normalize": {"mean": [0.5], "std": [0.25]},
    "source": {"run": "outputs/run", "trial": 3, "key": "abc"},
    "versions": {"torch": "2.11"},
}


@pytest.fixture
def folder(tmp_path) -> Path:
    place = tmp_path / "model"
    place.mkdir()
    OmegaConf.save(OmegaConf.create(CONFIG), place / "best.yaml")
    (place / "model.json").write_text(json.dumps(DESCRIPTION))
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(12, 2))
    torch.save(network.state_dict(), place / "model.ckpt")
    return place


def test_a_model_is_built_with_its_weights_and_without_lazy_layers(folder):
    artifact = read_artifact(folder)
    assert artifact.classes == ["cat", "dog"]
    assert artifact.source.trial == 3
    model = artifact.model()
    assert not model.training
    assert [type(layer).__name__ for layer in model] == ["Conv2d", "Flatten", "Linear"]
    saved = torch.load(folder / "model.ckpt", weights_only=True)
    assert all(torch.equal(value, saved[name]) for name, value in model.state_dict().items())
    assert model(torch.zeros(5, 1, 4, 4)).shape == (5, 2)


@pytest.mark.parametrize("name", ["model.json", "best.yaml", "model.ckpt"])
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(ConfigError, match=rf"holds no {name}.*nas-hydra-retrain run=RUN_DIR"):
        read_artifact(folder)


def test_weights_that_have_changed_since_are_refused_by_their_digest(folder):
    file = folder / "model.ckpt"
    known = {**DESCRIPTION, "weights": digest_of_file(file)}
    (folder / "model.json").write_text(json.dumps(known))
    read_artifact(folder).model()
    content = bytearray(file.read_bytes())
    weight = torch.load(file, weights_only=True)["2.weight"].numpy().tobytes()
    content[content.index(weight)] ^= 1  # torch itself takes this for another weight
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"model\.ckpt is damaged \(its SHA-256 is not"):
        read_artifact(folder).model()


def test_a_config_or_description_that_has_changed_since_is_refused(folder):
    known = sealed({**DESCRIPTION, "config": digest_of_file(folder / "best.yaml")})
    (folder / "model.json").write_text(json.dumps(known))
    assert read_artifact(folder).classes == ["cat", "dog"]
    for change in ({"classes": ["cat", "dug"]}, {"normalize": {"mean": [0.25], "std": [0.25]}}):
        (folder / "model.json").write_text(json.dumps(known | change))
        with pytest.raises(ConfigError, match=r"model\.json is damaged \(it is not as it was wri"):
            read_artifact(folder)
    (folder / "model.json").write_text(json.dumps(known))
    text = (folder / "best.yaml").read_text()
    (folder / "best.yaml").write_text(text.replace("kernel_size: 3", "kernel_size: 3 "))
    with pytest.raises(ConfigError, match=r"best\.yaml is damaged \(its SHA-256 is not the one"):
        read_artifact(folder)


def test_no_folder(tmp_path):
    with pytest.raises(ConfigError, match=r"run: there is no folder .*nas-hydra-retrain"):
        read_artifact(tmp_path / "nowhere", "run")


def test_damaged_files(folder):
    given = {**DESCRIPTION, "image": {"channels": 0, "height": 4, "width": 4}}
    (folder / "model.json").write_text(json.dumps(given))
    with pytest.raises(ConfigError, match=r"model.json is damaged \(image.channels"):
        read_artifact(folder)
    (folder / "model.json").write_text(json.dumps(DESCRIPTION))
    (folder / "best.yaml").write_text("{")
    with pytest.raises(ConfigError, match=r"best\.yaml is damaged"):
        read_artifact(folder)
    (folder / "best.yaml").write_text("a: 1")
    with pytest.raises(ConfigError, match="it has no model"):
        read_artifact(folder)
    (folder / "best.yaml").write_text(f"model: {'[' * 2000}{']' * 2000}")
    with pytest.raises(ConfigError, match=r"best\.yaml is damaged"):
        read_artifact(folder)


@pytest.mark.parametrize("content", [b"no weights", b"", None])
def test_weights_of_something_else(folder, content):
    if content is None:
        torch.save(nn.Linear(1, 1).state_dict(), folder / "model.ckpt")
    else:
        (folder / "model.ckpt").write_bytes(content)
    with pytest.raises(ConfigError, match=r"does not fit best\.yaml"):
        read_artifact(folder).model()
