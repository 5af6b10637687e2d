"""``nas-hydra-export`` as it is typed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from models import retrained, winner
from nas_hydra.cli.export import run


@pytest.fixture
def model():
    """A retrained model, in the folder ``model``."""
    return retrained(Path("model"), winner("mlp"))


@pytest.fixture
def command(capsys):
    """Runs the command; its exit code, output and errors."""

    def typed(*words: str) -> tuple[int, str, str]:
        code = run(["nas-hydra-export", *words])
        return code, *capsys.readouterr()

    return typed


def test_it_writes_where_it_says_and_tells_the_difference(model, command):
    code, out, err = command("run=model", "format=state_dict", "images=100")
    assert (code, err) == (0, "")
    said = r"(.*)\nthe same as torch on 100 test images: logits differ by at most (.*), the largest"
    file, difference = re.match(said, out).groups()
    assert file == "model/export/model.safetensors"
    assert Path(file).is_file()
    assert float(difference) < 1e-4
    assert command("run=model", "format=state_dict", "output=mine/here")[0] == 0
    assert Path("mine/here/model.safetensors").is_file()


@pytest.mark.parametrize("name", ["export", "predict"])
def test_the_help_names_every_word_and_loads_no_torch(name):
    code = f"""
import sys
from nas_hydra.cli.{name} import run
run(["", "--help"])
assert "torch" not in sys.modules
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    words = {"export": ["run", "format", "output", "images"], "predict": ["model", "top", "resize"]}
    assert all(f"  {word}=" in ended.stdout for word in words[name])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run=model"], "format: is missing"),
        (["format=onnx"], "run: is missing"),
        (["run=model", "format=onxx"], "format: is 'onxx'; .*'onnx', 'torch_export'"),
        (["run=model", "format=onnx", "images=0"], "images: is '0'; .*greater than 0"),
        (["run=model", "format=onnx", "ouput=x"], "ouput: .*did you mean 'output'?"),
        (["run=nowhere", "format=onnx"], "run: there is no folder nowhere.*nas-hydra-retrain"),
        (["run=.", "format=onnx"], "run: . holds no model.json.*nas-hydra-retrain"),
        (["run=model", "format=onnx", "dataset.rot=x"], "dataset.rot: is no setting"),
        (["run=model", "format=onnx", "dataset.root={"], "dataset.root={: cannot be read as KEY=V"),
        (["run=model", "format=onnx", "dataset.holdout=2"], "dataset.holdout: is 2; allowed"),
    ],
)
def test_wrong_words_are_one_line_and_write_nothing(words, said, model, command):
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert re.match(f"error: {said}", err)
    assert len(err.splitlines()) == 1
    assert not Path("model/export").exists()


def test_a_place_that_cannot_be_written_is_said(model, command):
    Path("file").touch()
    code, _, err = command("run=model", "format=state_dict", "output=file")
    assert code == 1
    assert err.startswith("error: ")
    assert "file" in err


@pytest.mark.long
def test_what_onnxruntime_refuses_is_one_line_and_leaves_no_folder(command):
    config = winner("mlp")
    config["model"]["_args_"].insert(0, {"_target_": "export.modules.Double"})
    retrained(Path("model"), config)
    words = ("run=model", "format=onnx", "trust=[export]")
    code, out, err = command(*words, "output=mine/here")
    assert (code, out) == (1, "")
    assert re.match(r"error: onnx cannot export this network \(NotImpl.*'torch_export', ", err)
    assert len(err.splitlines()) == 1
    assert not Path("mine").exists()
    Path("mine").mkdir()
    Path("mine/other").touch()
    assert command(*words, "output=mine")[0] == 1
    assert [file.name for file in Path("mine").iterdir()] == ["other"]


@pytest.mark.parametrize(
    "dataset", [None, "digits", {"seed": 1}, {"_target_": "torch.nn.Identity"}]
)
def test_a_model_without_a_dataset_is_told(dataset, model, command):
    OmegaConf.save({**model.config, "dataset": dataset}, "model/best.yaml")
    code, out, err = command("run=model", "format=state_dict")
    assert (code, out) == (2, "")
    assert re.match("error: dataset(:|._target_: is torch.nn.Identity)", err)
    assert len(err.splitlines()) == 1


def test_another_dataset_is_refused(model, command):
    file = Path("model/model.json")
    known = json.loads(file.read_text())
    known["image"]["height"] = 4
    shutil.copytree("model", "other")
    Path("other/model.json").write_text(json.dumps(known))
    code, _, err = command("run=other", "format=onnx")
    assert code == 2
    assert "dataset: its images are (1, 8, 8)" in err
    assert "trained on (1, 4, 8)" in err
