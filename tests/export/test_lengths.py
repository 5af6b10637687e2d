"""Networks of texts and series are exported for any length that they take."""

import json
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn

from nas_hydra.artifact import read_artifact
from nas_hydra.export.exporting import export

HERE = "export.test_lengths"
LENGTH = 12


class Counts(nn.Module):
    """Means over the places of ids: of any length."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 4)
        self.layer = nn.Conv1d(4, 3, 3, padding=1)

    def forward(self, ids):
        return self.layer(self.embed(ids).transpose(1, 2)).relu().mean(2)


class Places(nn.Module):
    """A weight for each place: of one length only."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(LENGTH, 3)

    def forward(self, ids):
        return self.layer(ids.float())


class UpTo(Counts):
    """Places are told apart, as many as there are in the training: of any length up to that."""

    def __init__(self) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.randn(LENGTH, 4))

    def forward(self, ids):
        placed = self.embed(ids) + self.places[: ids.shape[1]]
        return self.layer(placed.transpose(1, 2)).relu().mean(2)


class From(Counts):
    """Every second place is left out, and two of the others are wanted."""

    def forward(self, ids):
        thinned = self.layer(self.embed(ids).transpose(1, 2))[:, :, ::2]
        return nn.functional.avg_pool1d(thinned, 2, stride=1).relu().mean(2)


def model(kind: type[nn.Module]):
    """A model's folder of such a network."""
    Path("model").mkdir()
    task = {"_target_": "nas_hydra.task.classification.Classification"}
    config = {"model": {"_target_": f"{HERE}.{kind.__name__}"}, "task": task}
    OmegaConf.save(OmegaConf.create(config), "model/best.yaml")
    torch.manual_seed(0)
    torch.save(kind().state_dict(), "model/model.ckpt")
    described = {
        "classes": ["a", "b", "c"],
        "inputs": {"dtype": "int64", "shape": [LENGTH]},
        "source": {"run": "run", "trial": 0, "key": "abc"},
        "versions": {},
    }
    Path("model/model.json").write_text(json.dumps(described))
    return read_artifact(Path("model"), trust=[HERE])


FORMATS = ["torch_export", pytest.param("onnx", marks=pytest.mark.long)]


@pytest.mark.parametrize("kind", [Counts, UpTo, From])
@pytest.mark.parametrize("name", FORMATS)
def test_a_text_of_another_length_is_taken_and_the_same_as_by_torch(name, kind):
    artifact, ids = model(kind), torch.randint(20, (5, LENGTH))
    assert export(artifact, name, Path("out"), ids).length is None
    wanted = artifact.model()(ids[:, :5]).detach()
    if name == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession("out/model.onnx")
        (found,) = session.run(None, {"inputs": ids[:, :5].numpy()})
        found = torch.from_numpy(found)
    else:
        found = torch.export.load("out/model.pt2").module()(ids[:, :5])
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("name", FORMATS)
def test_a_network_of_one_length_says_so_and_is_exported_for_that(name):
    ids = torch.randint(20, (5, LENGTH))
    assert export(model(Places), name, Path("out"), ids).length == LENGTH
    assert list(Path("out").iterdir())
