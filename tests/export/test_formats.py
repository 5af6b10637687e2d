"""Every format, checked on real images; in processes of their own where that is the promise."""

import json
import subprocess
import sys
from pathlib import Path

import onnx
import pytest
import torch
from safetensors import safe_open

from models import retrained, winner
from nas_hydra.errors import ConfigError
from nas_hydra.export.exporting import FORMATS, ExportError, checking_images, export
from nas_hydra.network import network_of

NAMED = ["conv_net", "nasbench201", "mobilenet", "vit"]
LONG = [pytest.param(space, marks=pytest.mark.long) for space in ("resnet", "darts", "mlp")]


@pytest.mark.parametrize("name", ["onnx", "torch_export", "state_dict"])
@pytest.mark.parametrize("space", [*NAMED, *LONG])
def test_exported_networks_agree_with_torch(space, name, tmp_path):
    artifact = retrained(tmp_path / "model", winner(space, 1))
    found = export(artifact, name, tmp_path / "out", checking_images(artifact, 1000))
    assert found.images == 360  # all test images; the trace was of two
    assert found.difference < 1e-4 < found.largest
    assert sorted((tmp_path / "out").iterdir()) == sorted(found.files)


@pytest.mark.parametrize(
    "space",
    ["conv_net", *(pytest.param(space, marks=pytest.mark.long) for space in NAMED[1:])],
)
def test_model_py_runs_where_nothing_but_torch_can_be_imported(space, tmp_path):
    artifact = retrained(tmp_path / "model", winner(space, 1))
    images = checking_images(artifact, 50)
    assert export(artifact, "python", tmp_path / "out", images).difference < 1e-4
    torch.save(images, tmp_path / "images.pt")
    code = """
import sys, torch
for name in ("nas_hydra", "torchvision", "hydra", "omegaconf"):
    sys.modules[name] = None  # an import of it fails
from model import CLASSES, load
torch.save(load()(torch.load("../images.pt")).detach(), "../logits.pt")
print(CLASSES[-1])
"""
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=tmp_path / "out", capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("class 9\n", "")
    with torch.no_grad():
        wanted = network_of(artifact)(images)
    assert torch.allclose(torch.load(tmp_path / "logits.pt"), wanted, atol=1e-4)


def test_classes_and_normalisation_travel_with_the_files(tmp_path):
    artifact = retrained(tmp_path / "model", winner("mlp"))
    images = checking_images(artifact, 5)
    for name in ("onnx", "torch_export", "state_dict"):
        export(artifact, name, tmp_path, images)
    kept = {"classes": "", "normalize": ""}
    torch.export.load(tmp_path / "model.pt2", extra_files=kept)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        tensors, metadata = file.keys(), file.metadata()
    props = {one.key: one.value for one in onnx.load(tmp_path / "model.onnx").metadata_props}
    for found in (kept, metadata, props):
        assert json.loads(found["classes"]) == list(artifact.classes)
        assert json.loads(found["normalize"])["mean"] == list(artifact.normalize.mean)
    weights = torch.load(tmp_path / "model/model.ckpt")
    assert sorted(tensors) == sorted(weights)  # as best.yaml's network names them


@pytest.mark.parametrize(
    ("layer", "names"),
    [
        ("Bessel", ["onnx"]),
        ("Decides", ["onnx", "torch_export", "python"]),
        ("PerImage", ["torch_export", "python"]),
    ],
)
def test_a_layer_that_a_format_cannot_express_is_named(layer, names, tmp_path, capfd):
    config = winner("conv_net", 1)
    config["model"]["_args_"].insert(1, {"_target_": f"export.modules.{layer}"})
    artifact = retrained(tmp_path / "model", config)
    for name in names:
        with pytest.raises(ConfigError, match=rf"format: {name} .*layer '1' \({layer}\)"):
            export(artifact, name, tmp_path / "out", checking_images(artifact, 5))
    assert list((tmp_path / "out").iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_a_file_that_computes_something_else_is_not_kept(tmp_path, monkeypatch):
    artifact = retrained(tmp_path / "model", winner("mlp"))
    images = checking_images(artifact, 5)
    right = FORMATS["state_dict"]
    monkeypatch.setattr(type(right), "run", lambda *given: torch.zeros(5, 10))
    with pytest.raises(ExportError, match="on 5 test images its logits"):
        export(artifact, "state_dict", tmp_path / "out", images)
    assert list(Path(tmp_path, "out").iterdir()) == []
