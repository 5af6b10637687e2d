"""The example scripts, with small settings, as somebody would type them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.long
def test_fashion_mnist_from_a_search_to_a_model_in_use(fashion_mnist, tmp_path):
    script = ROOT / "examples" / "fashion_mnist.sh"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        [script, "--small"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "ROOT": str(fashion_mnist)},
        text=True,
        capture_output=True,
    )
    assert ended.returncode == 0, ended.stderr
    run = tmp_path / "outputs" / "fashion_mnist-small"
    for name in ("explanation.html", "retrain/MODEL_CARD.md", "retrain/export/model.onnx"):
        assert (run / name).is_file()
    networks = json.loads((run / "retrain" / "metrics.json").read_text())["networks"]
    winner, chance = (networks[place]["metrics"]["test_acc"]["mean"] for place in (0, 1))
    assert networks[1]["name"].startswith("a random candidate")
    assert winner > chance + 0.05
    assert "import nas_hydra" not in (run / "retrain" / "export" / "model.py").read_text()
    images = sorted((run / "images").iterdir())
    assert len(images) == 10
    answers = ended.stdout.rpartition("Classify")[2]
    assert all(str(image.name) in answers for image in images)


@pytest.mark.long
def test_a_table_from_a_file_to_answers_in_a_file(tmp_path):
    ended = subprocess.run(
        [ROOT / "examples" / "table.sh", "--small"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        },
        text=True,
        capture_output=True,
    )
    assert ended.returncode == 0, ended.stderr
    folder = tmp_path / "outputs" / "table-small"
    head, *answers = (folder / "answers.csv").read_text().splitlines()
    assert head == "row,target"
    assert len(answers) == 10
    assert all(25 < float(line.split(",")[1]) < 346 for line in answers)  # what the file has
    networks = json.loads((folder / "search/retrain/metrics.json").read_text())["networks"]
    assert {"winner", "random", "reference"} == {one["role"] for one in networks}
    assert (folder / "search/retrain/export/model.onnx").is_file()
