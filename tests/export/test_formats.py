"""Every format, checked on real images; in processes of their own where that is the promise."""

import json

import onnx
import pytest
import torch
from safetensors import safe_open

from export.torch_alone import link_torch, run
from models import retrained, winner
from nas_hydra.errors import ConfigError
from nas_hydra.export.exporting import FORMATS, ExportError, checking_rows, export
from nas_hydra.export.format import Trained
from nas_hydra.network import network_of
from nas_hydra.search_space.sharing import tied

NAMED = ["conv_net", "vit"]
LONG = [
    pytest.param(space, marks=pytest.mark.long)
    for space in ("nasbench201", "mobilenet", "resnet", "darts", "mlp")
]


@pytest.mark.parametrize("name", ["onnx", "torch_export", "state_dict"])
@pytest.mark.parametrize("space", ["conv_net", pytest.param("vit", marks=pytest.mark.long), *LONG])
def test_exported_networks_agree_with_torch(space, name, tmp_path):
    artifact = retrained(tmp_path / "model", winner(space, 1))
    found = export(artifact, name, tmp_path / "out", checking_rows(artifact, 1000))
    assert found.rows == 360  # all test images; the trace was of two
    assert found.difference < 1e-4 < found.largest
    assert sorted((tmp_path / "out").iterdir()) == sorted(found.files)


@pytest.mark.parametrize("name", ["torch_export", "state_dict", "python", "onnx"])
def test_a_layer_that_stands_in_two_places_has_its_weights_once(name, tmp_path):
    wide = {"_target_": "torch.nn.Linear", "in_features": 64, "out_features": 64, "_share_": "a"}
    layers = [{"_target_": "torch.nn.Flatten"}, wide, {"_target_": "torch.nn.ReLU"}, wide]
    head = {"_target_": "torch.nn.Linear", "in_features": 64, "out_features": 10}
    model = tied({"_target_": "torch.nn.Sequential", "_args_": [*layers, wide, head]})
    artifact = retrained(tmp_path / "model", {**winner("mlp", 1), "model": model})
    network = artifact.model()
    assert network[1] is network[3] is network[4]
    found = export(artifact, name, tmp_path / "out", checking_rows(artifact, 100))
    assert found.difference < 1e-4 < found.largest
    if name in ("state_dict", "python"):  # the others' files hold more than weights
        weights = tmp_path / "out" / {"state_dict": "model.safetensors", "python": "model.pt"}[name]
        assert weights.stat().st_size < 2 * 4 * (64 * 64 + 64)
    if name == "python":
        code = (tmp_path / "out" / "model.py").read_text()
        assert 'register_module("4", network.get_submodule("network.1"))' in code


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """A folder with torch and what it requires, as ``pip install torch`` would fill it."""
    folder = tmp_path_factory.mktemp("alone")
    link_torch(folder)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("space", [*NAMED, *LONG[:2]])
def test_model_py_runs_where_only_torch_is_installed(space, tmp_path, alone):
    artifact = retrained(tmp_path / "model", winner(space, 1))
    network, images = network_of(artifact), checking_rows(artifact, 50)
    FORMATS["python"].write(Trained(artifact, network, images, "logits"), tmp_path)
    torch.save(images, tmp_path / "images.pt")
    code = """
import torch
from model import CLASSES, load
torch.save(load()(torch.load("images.pt")).detach(), "logits.pt")
print(CLASSES[-1])
"""
    ended = run(code, [alone, tmp_path], cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "class 9\n"), ended.stderr
    with torch.no_grad():
        wanted = network(images)
    assert torch.allclose(torch.load(tmp_path / "logits.pt"), wanted, atol=1e-4)


@pytest.mark.parametrize("name", ["numpy", "torchvision", "nas_hydra"])
def test_a_model_py_that_needs_more_would_fail_there(name, tmp_path, alone):
    (tmp_path / "model.py").write_text(f"import {name}")
    ended = run("import model", [alone, tmp_path], cwd=tmp_path)
    assert f"No module named '{name}'" in ended.stderr


@pytest.mark.long
def test_model_py_is_checked_in_a_process_of_its_own(tmp_path):
    artifact = retrained(tmp_path / "model", winner("mlp"))
    found = export(artifact, "python", tmp_path / "out", checking_rows(artifact, 50))
    assert (found.rows, found.difference < 1e-4 < found.largest) == (50, True)
    assert sorted((tmp_path / "out").iterdir()) == sorted(found.files)


@pytest.mark.long
def test_classes_and_normalisation_travel_with_the_files(tmp_path):
    artifact = retrained(tmp_path / "model", winner("mlp"))
    images = checking_rows(artifact, 5)
    for name in ("onnx", "torch_export", "state_dict"):
        export(artifact, name, tmp_path, images)
    kept = {"classes": "", "normalize": ""}
    torch.export.load(tmp_path / "model.pt2", extra_files=kept)
    with safe_open(tmp_path / "model.safetensors", "pt") as file:
        tensors, metadata = file.keys(), file.metadata()
    props = {one.key: one.value for one in onnx.load(tmp_path / "model.onnx").metadata_props}
    for found in (kept, metadata, props):
        assert json.loads(found["classes"]) == list(artifact.classes)
        assert json.loads(found["normalize"])["mean"] == list(artifact.description.normalize.mean)
    weights = torch.load(tmp_path / "model/model.ckpt")
    assert sorted(tensors) == sorted(weights)  # as best.yaml's network names them


@pytest.mark.long
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
            export(artifact, name, tmp_path / "out", checking_rows(artifact, 5))
    assert not (tmp_path / "out").exists()
    assert capfd.readouterr() == ("", "")


def test_a_file_that_computes_something_else_is_not_kept(tmp_path, monkeypatch):
    artifact = retrained(tmp_path / "model", winner("mlp"))
    images = checking_rows(artifact, 5)
    right = FORMATS["state_dict"]
    monkeypatch.setattr(type(right), "run", lambda *given: torch.zeros(5, 10))
    with pytest.raises(ExportError, match="on 5 test images its logits"):
        export(artifact, "state_dict", tmp_path / "out", images)
    assert not (tmp_path / "out").exists()
