"""What a newcomer does with pictures of their own, in the README's own three commands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from PIL import Image, ImageDraw

CLASSES = ("ball", "cross", "stripes")
EACH = 45
WIDTH, HEIGHT = 30, 26


def drawn(kind: str, rng: numpy.random.Generator) -> Image.Image:
    """A bright figure somewhere on a dark, noisy ground."""
    ground = rng.integers(0, 100, 3) + rng.normal(0, 12, (HEIGHT, WIDTH, 3))
    picture = Image.fromarray(numpy.clip(ground, 0, 255).astype("uint8"))
    pen, colour = ImageDraw.Draw(picture), tuple(int(part) for part in rng.integers(150, 256, 3))
    size = int(rng.integers(5, 9))
    x, y = int(rng.integers(size, WIDTH - size)), int(rng.integers(size, HEIGHT - size))
    if kind == "ball":
        pen.ellipse((x - size, y - size, x + size, y + size), fill=colour)
    elif kind == "cross":
        pen.line((x - size, y, x + size, y), fill=colour, width=4)
        pen.line((x, y - size, x, y + size), fill=colour, width=4)
    else:
        for row in (-6, 0, 6):
            pen.line((x - size, y + row, x + size, y + row), fill=colour, width=3)
    return picture


def command(*words: object) -> tuple[str, str]:
    """What a command prints, and what it says beside; it has to end well."""
    name, *rest = map(str, words)
    ended = subprocess.run(
        [Path(sys.executable).with_name(name), *rest],
        env={**os.environ, "WANDB_MODE": "offline"},
        text=True,
        capture_output=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout, ended.stderr


@pytest.mark.long
def test_own_pictures_become_a_winner_a_model_and_answers_with_the_defaults(tmp_path):
    rng = numpy.random.default_rng(0)
    for kind in CLASSES:
        (tmp_path / "pictures" / kind).mkdir(parents=True)
        for number in range(EACH):
            drawn(kind, rng).save(tmp_path / "pictures" / kind / f"{number}.png")
    run = tmp_path / "run"
    root = f"dataset.root={tmp_path / 'pictures'}"
    _, told = command("nas-hydra", "dataset=image_folder", root, f"hydra.run.dir={run}")
    best = json.loads((run / "summary.json").read_text())["best"]
    assert best["values"]["val_acc"] >= 0.95
    assert f"{CLASSES[0]} {EACH}" in told  # what was found in the folder
    assert "training: each candidate takes 180 steps of 15 images, 6 an epoch" in told
    assert "to name the most frequent class always would give" in told
    command("nas-hydra-retrain", f"run={run}")
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    wanted = {f"{kind}-{number}.png": kind for number in range(5) for kind in CLASSES}
    for name, kind in wanted.items():
        drawn(kind, rng).save(fresh / name)
    answers, _ = command("nas-hydra-predict", f"model={run / 'retrain'}", fresh, "format=json")
    found = {Path(one["image"]).name: one["label"] for one in json.loads(answers)["predictions"]}
    assert found.keys() == wanted.keys()
    assert sum(found[name] == kind for name, kind in wanted.items()) >= 12
