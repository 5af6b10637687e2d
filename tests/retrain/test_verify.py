"""``nas-hydra-retrain --verify``: what holds of a model's folder, and what does not."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from command import SMALL, nas_hydra
from isolation import isolated
from nas_hydra.cli.retrain import run
from nas_hydra.files.digest import digest_of_file, sealed, unsealed

FOLDER = ("dataset=image_folder", "dataset.root=images", "dataset.num_classes=2", "dataset.size=8")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with images, a search on them in ``run`` and a model of it in ``run/retrain``."""
    home = tmp_path_factory.mktemp("verify")
    with isolated(home) as patch:
        for number in range(60):
            file = Path("images", "ab"[number % 2], f"{number}.png")
            file.parent.mkdir(parents=True, exist_ok=True)
            noise = random.Random(number).randbytes(64)  # Pillow's would depend on earlier tests
            Image.frombytes("L", (8, 8), noise).point(lambda v, n=number: v >> n % 2).save(file)
        small = (*SMALL, "budget.trials=1", "search_space=mlp", "dataset.limit=null")
        words = (*small, *FOLDER, "dataset.batch_size=8", "hydra.run.dir=run")
        assert nas_hydra(patch, *words) == 0
        assert run(["nas-hydra-retrain", "run=run", "seeds=2", "baseline=none"]) == 0
    return home


@pytest.fixture
def verify(made, capsys):
    """Checks a copy of the model; the exit code, what was printed, and what was wrong."""
    shutil.copytree(made, ".", dirs_exist_ok=True)

    def typed(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["nas-hydra-retrain", *words])
        return code, *capsys.readouterr()

    return typed


def test_what_holds_is_said_in_a_few_lines_without_the_run(verify):
    shutil.move("run/retrain", "model")
    shutil.rmtree("run")
    shutil.move("images", "elsewhere")
    root = "dataset.root=elsewhere"
    for words in (["--verify", "model", root], ["--verify=model", root], ["verify=model", root]):
        code, out, err = verify(*words)
        assert (code, err) == (0, "")
        assert len(out.splitlines()) == 3
        assert "the 48 training and 12 test images those of examples.npz" in out
        assert "None of the 12 test images was seen by the search or by the training" in out
        assert "of 12 test images (" in out
    assert verify("--verify", "model")[0] == 2


def edited(change: Callable[[dict], None]) -> None:
    file = Path("run/retrain/metrics.json")
    held = json.loads(file.read_text())
    change(held)
    file.write_text(json.dumps(held))


def more_hits(held: dict) -> None:
    held["confusion"][0][0] += 1
    held["confusion"][0][1] -= 1


def better(held: dict) -> None:
    held["networks"][0]["metrics"]["test_acc"]["values"][0] += 0.25


def upside_down() -> None:
    for file in Path("images").rglob("*.png"):
        Image.open(file).transpose(Image.Transpose.ROTATE_180).save(file)


def swapped() -> None:
    Path("images/a/0.png").rename("images/0.png")
    Path("images/b/1.png").rename("images/a/0.png")
    Path("images/0.png").rename("images/b/1.png")


def retold() -> None:
    card = Path("run/retrain/MODEL_CARD.md")
    card.write_text(card.read_text().replace("None of the 12 test images", "Hardly any"))


def retold_figure() -> None:
    card = Path("run/retrain/MODEL_CARD.md")
    held = json.loads(Path("run/retrain/metrics.json").read_text())
    mean = held["networks"][0]["metrics"]["test_acc"]["mean"]
    card.write_text(card.read_text().replace(f"{100 * mean:.2f}", "99.99"))


def other_weights() -> None:
    """And their digest, as somebody would who knows of it."""
    weights, described = Path("run/retrain/model.ckpt"), Path("run/retrain/model.json")
    torch.save(
        {
            name: part.roll(1, 0) if part.ndim else part
            for name, part in torch.load(weights).items()
        },
        weights,
    )
    held = json.loads(described.read_text())
    changed = {**unsealed(held), "weights": digest_of_file(weights)}
    described.write_text(json.dumps(sealed(changed)))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (
            lambda: edited(lambda held: held["model"].update(test_acc=0.99)),
            "by metrics.json 0.9900",
        ),
        (lambda: edited(more_hits), "by the confusion of metrics.json on"),
        (lambda: edited(better), "test_acc of trial 0 is not the mean of its values"),
        (
            lambda: edited(lambda held: held["test_images_seen"].update(training=3)),
            "counts other test images as seen",
        ),
        (
            lambda: edited(lambda held: held["images"].update(tested_on=1000)),
            "tells other numbers of images than there are (48, 12)",
        ),
        (retold, "MODEL_CARD.md says something else"),
        (retold_figure, "MODEL_CARD.md says something else"),
        (upside_down, "the data is not that of the model: 48 of 48 training images are others"),
        (swapped, "the data is not that of the model: "),
        (other_weights, "the model is right on"),
    ],
)
def test_what_does_not_hold_is_named(verify, harm, told):
    assert verify("--verify", "run")[0] == 0
    harm()
    code, out, err = verify("--verify", "run")
    assert (code, out) == (1, "")
    assert told in err, err


def flipped(name: str) -> None:
    content = bytearray(Path("run/retrain", name).read_bytes())
    content[len(content) // 2] ^= 1
    Path("run/retrain", name).write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda: flipped("model.ckpt"), "model.ckpt is damaged (its SHA-256"),
        (lambda: flipped("examples.npz"), "examples.npz is damaged (its SHA-256"),
        (lambda: Path("run/retrain/examples.npz").unlink(), "has no examples.npz"),
        (lambda: Path("run/retrain/metrics.json").write_text("{}"), "is missing or damaged"),
        (lambda: shutil.rmtree("images"), "dataset.root: "),
        (lambda: shutil.rmtree("run/retrain"), "holds no model.json"),
    ],
)
def test_what_cannot_be_checked_is_named(verify, harm, told):
    harm()
    code, out, err = verify("--verify", "run")
    assert (code, out) == (2, "")
    assert told in err, err


def test_a_model_that_knows_its_test_images_does_not_pass(verify):
    words = ["run=run", "dataset.seed=1", "force=true", "seeds=1", "baseline=none", "random=false"]
    assert verify(*words, "folder=leaky")[0] == 0
    code, _, err = verify("--verify", "leaky")
    assert code == 1
    assert "are among those that the search has trained on" in err
    assert "metrics.json" not in err


def test_help_and_words_that_are_not_known(verify):
    code, out, _ = verify("--verify", "--help")
    assert (code, "nas-hydra-retrain --verify DIR" in out) == (0, True)
    assert "verify: is missing" in verify("--verify")[2]
    assert "seeds: is nothing that can be said here" in verify("--verify", "run", "seeds=2")[2]
    assert "--verify DIR checks a model" in verify("--help")[1]


def test_numbers_are_in_the_units_of_the_rows_that_were_trained_on(monkeypatch, capsys):
    small = (*SMALL, "budget.trials=1", "dataset=diabetes", "search_space=tab_mlp")
    words = (*small, "task=regression", "task.patience=1", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *words) == 0
    assert run(["nas-hydra-retrain", "run=run", "seeds=1", "baseline=none"]) == 0
    known = json.loads(Path("run/retrain/metrics.json").read_text())
    assert known["rows"]["monitored_on"] > 0  # and mean and deviation are not those of all rows
    capsys.readouterr()
    assert run(["nas-hydra-retrain", "--verify", "run/retrain"]) == 0
    assert "measured anew, the model has an rmse of" in capsys.readouterr().out
