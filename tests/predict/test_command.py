"""``nas-hydra-predict`` on real digits, as files, folders and paths on standard input."""

import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from sklearn.datasets import load_digits
from torchvision.transforms.functional import to_pil_image

from command import SMALL, nas_hydra
from dataset.common import COMMON
from models import retrained, winner
from nas_hydra.cli.predict import run
from nas_hydra.cli.retrain import run as retrain
from nas_hydra.dataset.digits import Digits
from nas_hydra.dataset.examples import read_examples
from nas_hydra.dataset.image_folder import Files
from nas_hydra.dataset.images.picture import Decoding
from nas_hydra.network import network_of


@pytest.fixture
def model():
    """A retrained model, in the folder ``model``."""
    return retrained(Path("model"), winner("conv_net"))


@pytest.fixture
def digits():
    """Ten digits in the folder ``digits`` and one within it, and a file that is no image."""
    Path("digits/deep").mkdir(parents=True)
    for number, pixels in enumerate(load_digits().images[:10]):
        picture = Image.fromarray((pixels * 255 / 16).round().astype("uint8"))
        picture.save(Path("digits", "deep" if number % 2 else "", f"{number}.png"))
    Path("digits/3.txt").write_text("no image")
    return Path("digits")


@pytest.fixture
def command(capsys):
    """Runs the command; its exit code, output and errors."""

    def typed(*words: str) -> tuple[int, str, str]:
        code = run(["nas-hydra-predict", *words])
        return code, *capsys.readouterr()

    return typed


def test_probabilities_are_those_of_the_network(model, digits, command):
    code, out, err = command("model=model", "digits", "format=json")
    assert (code, err) == (0, "10 classified, 0 skipped\n")
    found = json.loads(out)
    assert (found["model"], found["skipped"]) == ("model", [])
    network = network_of(model)
    for one in found["predictions"]:
        pixels = torch.tensor(list(Image.open(one["image"]).getdata())).view(1, 1, 8, 8) / 255
        with torch.no_grad():
            wanted = network(pixels).softmax(1)[0]
        assert one["label"] == model.classes[int(wanted.argmax())]
        assert one["probability"] == pytest.approx(float(wanted.max()))
        given = [one["probabilities"][name] for name in model.classes]
        assert given == pytest.approx(wanted.tolist())


def test_the_table_shows_the_next_classes(model, digits, command):
    code, out, _ = command("model=model", "digits/0.png", "top=2")
    assert code == 0
    assert [word in out for word in ("image", "class", "probability", "next")] == [True] * 4
    assert out.count("%") == 2
    assert command("model=model", "digits/0.png", "top=1")[1].count("%") == 1


def test_paths_of_standard_input(model, digits, command, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("digits/2.png\n\ngone.png\ndigits/4.png\n"))
    code, out, err = command("model=model", "digits/0.png", "-", "format=json")
    assert code == 0
    names = [one["image"] for one in json.loads(out)["predictions"]]
    assert names == ["digits/0.png", "digits/2.png", "digits/4.png"]
    assert "gone.png: skipped, it cannot be read" in err


def test_broken_images_and_those_of_another_size_are_skipped_and_counted(model, digits, command):
    whole = Path("digits/0.png").read_bytes()
    Path("digits/cut.png").write_bytes(whole[: len(whole) // 2])
    Path("digits/text.png").write_text("no image")
    Path("digits/empty.jpg").touch()
    Image.new("RGB", (9, 5)).save("digits/large.png")
    code, out, err = command("model=model", "digits", "format=json")
    assert code == 0
    assert "10 classified, 4 skipped" in err
    skipped = json.loads(out)["skipped"]
    assert {Path(one["image"]).stem for one in skipped} == {"cut", "text", "empty", "large"}
    assert "digits/large.png: skipped, it is 9 x 5, and the model takes 8 x 8 pixels" in err
    code, out, err = command("model=model", "digits", "format=json", "resize=true")
    assert (code, len(json.loads(out)["predictions"])) == (0, 11)
    assert "digits/large.png: resized from 9 x 5\n" in err


def test_whatever_lies_in_a_folder_is_classified_or_named(model, digits, command):
    whole = Image.open("digits/0.png")
    modes = {"cmyk.jpg": "CMYK", "palette.png": "P", "alpha.png": "LA", "f.tiff": "F"}
    for name, mode in modes.items():
        whole.convert(mode).save(digits / name)
    Image.fromarray(np.asarray(whole, "float32") / 255).save(digits / "shares.tiff")
    strange = [os.fsdecode(b"\xff\xfe.png"), "a=b.png", "line\nbreak\x1b[31m.png"]
    for name in strange:
        whole.save(digits / name)
    (digits / "folder.png").mkdir()
    os.mkfifo(digits / "pipe.png")
    (digits / "loop.png").symlink_to("loop.png")
    (digits / "up").symlink_to("..")
    code, out, err = command("model=model", "digits", "digits/a=b.png", "top=1")
    assert code == 0
    assert "18 classified, 3 skipped" in err
    assert "digits/f.tiff: skipped, it cannot be read: its numbers (mode F) are from 0 to 2" in err
    assert r"digits/line\nbreak\x1b[31m.png" in out
    assert r"digits/\udcff\udcfe.png" in out
    assert {line.partition(":")[0] for line in err.splitlines()[:-1]} == {
        "digits/f.tiff",
        "digits/pipe.png",
        "digits/loop.png",
    }


def test_a_picture_of_too_many_pixels_is_refused_by_its_header(model, command, recwarn):
    Image.new("1", (12_000, 12_000)).save("large.png")
    code, _, err = command("model=model", "large.png", "resize=true")
    assert code == 1
    assert "large.png: skipped, it cannot be read: it has more than 100,000,000 pixels" in err
    Image.new("1", (100, 100)).save("small.png")
    for limit, wanted in {9_999: 1, 10_000: 0}.items():
        assert (
            command("model=model", "small.png", "resize=true", f"pixel_limit={limit}")[0] == wanted
        )
    assert not list(recwarn)


def test_a_network_that_fails_on_several_images_is_told_in_one_line(model, digits, command):
    layers = [
        {"_target_": "torch.nn.Flatten", "start_dim": 0},
        {"_target_": "torch.nn.Linear", "in_features": 64, "out_features": 10},
        {"_target_": "torch.nn.Unflatten", "dim": 0, "unflattened_size": [1, 10]},
    ]
    changed = {"model": {"_target_": "torch.nn.Sequential", "_args_": layers}}
    OmegaConf.save({**model.config, **changed}, "model/best.yaml")
    weights = torch.nn.Linear(64, 10).state_dict()
    torch.save({f"1.{name}": value for name, value in weights.items()}, "model/model.ckpt")
    assert command("model=model", "digits/0.png")[0] == 0
    code, out, err = command("model=model", "digits")
    assert (code, out) == (1, "")
    assert err.startswith("error: the network fails on 10 images at a time: RuntimeError: ")
    assert len(err.splitlines()) == 1


def test_the_model_of_an_image_folder_resizes_as_its_training_did(digits, command):
    config = winner("conv_net")
    config["dataset"] = {
        **config["dataset"],
        "_target_": "nas_hydra.dataset.image_folder.ImageFolder",
        "root": "classes",
        "size": 16,
        "input_shape": [3, 16, 16],
        "num_classes": 2,
        "holdout": 0.5,
        "background": "navy",
        "range": [0, 300],
    }
    config["model"]["_args_"][-1]["num_classes"] = 2
    for number in range(600):
        kind = Path("classes", "ab"[number % 2])
        kind.mkdir(parents=True, exist_ok=True)
        colour = (number % 256, number % 101, number % 47)
        Image.new("RGB", (5 + number % 7, 8), colour).save(kind / f"{number}.png")
    model = retrained(Path("model"), config)
    code, _, err = command("model=model", "digits/0.png", "format=json")
    assert (code, err) == (0, "digits/0.png: resized from 8 x 8\n1 classified, 0 skipped\n")
    name = str(next(Path("classes/a").iterdir()))
    found = json.loads(command("model=model", name, "format=json")[1])["predictions"][0]
    pixels = Files([name], torch.zeros(1), 16)[torch.tensor([0])]
    with torch.no_grad():
        wanted = network_of(model)(pixels).softmax(1)[0]
    assert list(found["probabilities"].values()) == pytest.approx(sorted(wanted.tolist())[::-1])
    assert command("model=model", "digits/0.png", "resize=false")[0] == 1
    whole = Image.open("digits/0.png")
    whole.convert("F").save("deep.tif")
    Image.merge("LA", (whole, whole)).save("clear.png")
    names = ["deep.tif", "clear.png"]
    reading = Decoding("navy", (0, 300))
    with torch.no_grad():
        both = Files(names, torch.zeros(2), 16, reading)[torch.arange(2)]
        wanted = network_of(model)(both).softmax(1)[:, 0].tolist()
    found = json.loads(command("model=model", *names, "format=json")[1])["predictions"]
    assert [one["probabilities"]["class 0"] for one in found] == pytest.approx(wanted)
    dataset = {**config["dataset"], "range": [3, 1]}
    OmegaConf.save({**model.config, "dataset": dataset}, "model/best.yaml")
    code, _, err = command("model=model", "digits/0.png")
    assert (code, err.startswith("error: dataset.range: is [3, 1]; allowed")) == (2, True)


def test_no_image_at_all_is_a_failure(model, command):
    Path("broken.png").write_text("no image")
    code, out, err = command("model=model", "broken.png")
    assert (code, out) == (1, "")
    assert "error: no image could be classified (0 classified, 1 skipped)" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model=model"], "error: images: none are given"),
        (["digits"], "error: model: is missing; say model=..."),
        (["model=digits", "digits"], "error: model: digits holds no model.json"),
        (["model=model", "a/b=c.png"], "error: images: there is no file and no folder a/b=c.png"),
        (["model=model", "digit"], "error: images: there is no file and no folder digit"),
        (["model=model", "digits", "empty"], "error: images: the folder empty holds no images"),
        (["model=model", "digits", "format=xml"], "error: format: is 'xml'"),
        (
            ["model=model", "digits", "rezise=true"],
            "error: rezise: is nothing that can be said",
        ),
    ],
)
def test_wrong_words_are_one_line(words, said, model, digits, command):
    Path("empty").mkdir()
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert err.startswith(said)
    assert len(err.splitlines()) == 1


def test_grey_models_take_coloured_pictures(model, command):
    pixels = torch.rand(1, 8, 8)
    to_pil_image(pixels).save("grey.png")
    to_pil_image(pixels.repeat(3, 1, 1)).save("coloured.png")
    Path("grey.png").rename("top")  # a path like a name that the command knows
    _, out, _ = command("model=model", "top", "coloured.png", "format=json")
    grey, coloured = json.loads(out)["predictions"]
    assert grey["probabilities"] == pytest.approx(coloured["probabilities"], abs=1e-3)


@pytest.mark.long
def test_images_of_the_training_are_told(command, digits, monkeypatch, capsys):
    small = (*SMALL, "budget.trials=1", "search_space=mlp", "dataset.limit=null")
    assert nas_hydra(monkeypatch, *small, "hydra.run.dir=run") == 0
    words = ["run=run", "seeds=1", "baseline=none", "random=false"]
    assert retrain(["nas-hydra-retrain", *words]) == 0
    capsys.readouterr()
    code, out, err = command("model=run/retrain", "digits", "format=json")
    assert code == 0
    found = json.loads(out)["predictions"]
    known = read_examples(Path("run/retrain/examples.npz"))["training"]
    wanted = of_digits()
    for one in found:
        number = int(Path(one["image"]).stem)
        assert one["trained_on"] == (wanted[number] in known.contents.digests)
        assert (f"{one['image']}: the model was trained on it" in err) == one["trained_on"]
    tested = Digits(**COMMON, input_shape=(1, 8, 8), holdout=0.2).open("test")
    to_pil_image(tested[torch.tensor([0])][0]).save("digits/99.png")
    _, out, err = command("model=run/retrain", "digits/99.png", "digits/0.png", "format=json")
    told = [one["trained_on"] for one in json.loads(out)["predictions"]]
    assert told == [False, wanted[0] in known.contents.digests]
    Path("run/retrain/examples.npz").unlink()
    _, out, err = command("model=run/retrain", "digits", "format=json")
    assert {one["trained_on"] for one in json.loads(out)["predictions"]} == {None}
    assert "trained on" not in err


def of_digits() -> list[int]:
    """Digests of the digits, as their dataset has them."""
    source = Digits(**COMMON, input_shape=(1, 8, 8), holdout=0.2).open_all()
    return source.contents(torch.arange(10)).digests.tolist()


def test_files_of_the_training_are_told_whatever_they_are_called(command, monkeypatch, capsys):
    for number in range(60):
        file = Path("images", "ab"[number % 2], f"{number}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((9, 7), 80).save(file)
    images = ("dataset=image_folder", "dataset.root=images", "dataset.num_classes=2")
    small = (*SMALL, "budget.trials=1", "search_space=mlp", "dataset.limit=null", "dataset.size=8")
    words = [*small, *images, "dataset.batch_size=8", "hydra.run.dir=run"]
    assert nas_hydra(monkeypatch, *words) == 0
    words = ["run=run", "seeds=1", "baseline=none", "random=false"]
    assert retrain(["nas-hydra-retrain", *words]) == 0
    capsys.readouterr()
    Path("mine").mkdir()
    for file in Path("images").rglob("*.png"):
        file.rename(Path("mine", f"{file.stem}-{file.parent.name}.png"))
    code, out, err = command("model=run/retrain", "mine", "format=json")
    assert code == 0
    told = [one["trained_on"] for one in json.loads(out)["predictions"]]
    assert (told.count(True), told.count(False)) == (48, 12)
    assert err.count(": resized from 9 x 7, the model was trained on it\n") == 48
