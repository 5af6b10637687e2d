"""The conformance of evaluators: of those that are there, and of some that are careless."""

import contextlib
import importlib
import random
import shutil
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image

from evaluator.candidates import candidate, convolutions, sequential
from evaluator.own import hostile
from nas_hydra.dataset.cache import release_datasets
from nas_hydra.evaluator.base import Evaluator
from nas_hydra.evaluator.final import FinalEvaluator
from nas_hydra.evaluator.tabular import TabularEvaluator
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.search_space import SearchSpace
from nas_hydra.testing.evaluator import (
    CHECKS,
    Subject,
    check_changes,
    check_identity,
    check_repeatable,
    check_weights,
)
from nas_hydra.trial import Evaluation

PARTS = {"model": ("model",)}
LAYER = """
import torch
from torch import nn

class Scaled(nn.Linear):
    def __init__(self, file):
        super().__init__(3, 2)
        self.load_state_dict(torch.load(file, weights_only=True))

    def forward(self, images):
        return super().forward(images.mean(dim=(2, 3))) * 1.0
"""


def no_choices() -> SearchSpace:
    return SearchSpace(OmegaConf.create({}), {})


def own_task() -> SearchSpace:
    return SearchSpace(OmegaConf.create({"task": hostile()}), {"task": ("task",)})


def widths() -> SearchSpace:
    return SearchSpace(OmegaConf.create({"model": {"width": {"_choice_": [1, 2]}}}), PARTS)


def final(evaluator: TrainEvaluator, monitored: bool) -> FinalEvaluator:
    return FinalEvaluator(evaluator, monitored)


DIGITS = [candidate(), candidate(model=convolutions(2, 4))]
OWN = [{**one, "task": hostile()} for one in DIGITS]
SUBJECTS = {
    "train": Subject(partial(TrainEvaluator, seed=0), no_choices, DIGITS),
    "own": Subject(partial(TrainEvaluator, seed=0), own_task, OWN),
    "final": Subject(partial(final, TrainEvaluator(seed=0), False), no_choices, DIGITS),
    "monitored": Subject(partial(final, TrainEvaluator(seed=0), True), no_choices, DIGITS),
}
FEW = [pytest.param(name, marks=pytest.mark.long if name != "train" else ()) for name in SUBJECTS]


APART = (check_repeatable, check_weights, check_identity, check_changes)
"""These begin processes that import torch."""
EACH = [
    pytest.param(check, marks=pytest.mark.long if check in APART else (), id=check.__name__)
    for check in CHECKS
]


@pytest.mark.parametrize("name", FEW)
@pytest.mark.parametrize("check", EACH)
def test_conformance(check, name):
    check(SUBJECTS[name])


@contextlib.contextmanager
def rewritten(place: Path, write):
    """A file or folder changed for a while."""
    kept = place.with_name("kept")
    place.rename(kept)
    copy = shutil.copytree if kept.is_dir() else shutil.copy
    write(Path(copy(kept, place)))
    try:
        yield
    finally:
        kept.rename(place.with_name("back"))
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        place.with_name("back").rename(place)


def turned(folder: Path) -> None:
    for file in folder.rglob("*.png"):
        Image.open(file).transpose(Image.Transpose.ROTATE_180).save(file)


def other_weights(file: Path) -> None:
    torch.save(torch.nn.Linear(3, 2).state_dict(), file)


def other_code(file: Path) -> None:
    file.write_text(LAYER.replace("* 1.0", "* 2.0"))


@pytest.fixture
def own(tmp_path, monkeypatch):
    """An evaluator on one's own images, with a network of one's own that reads its weights."""
    monkeypatch.syspath_prepend(tmp_path)
    for number in range(40):
        file = tmp_path / "images" / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (6, 6), (5 * number, 99, 250 * (number % 2)))
        picture.putpixel((number % 6, 0), (255, 255, 255))
        picture.save(file)
    weights, module = tmp_path / "weights.pt", tmp_path / "own_layer.py"
    other_weights(weights)
    module.write_text(LAYER)
    importlib.invalidate_caches()
    images = {
        **{name: value for name, value in candidate()["dataset"].items() if name != "limit"},
        **{"_target_": "nas_hydra.dataset.image_folder.ImageFolder", "limit": None, "size": 6},
        **{"root": str(tmp_path / "images"), "input_shape": [3, 6, 6], "num_classes": 2},
    }
    own = {"_target_": "own_layer.Scaled", "file": str(weights)}
    networks = [own, sequential(own, {"_target_": "torch.nn.Identity"})]
    changes = {
        "the images": partial(rewritten, tmp_path / "images", turned),
        "the file of weights": partial(rewritten, weights, other_weights),
        "the code": partial(rewritten, module, other_code),
    }
    candidates = [candidate(model=model, dataset=images) for model in networks]
    yield Subject(partial(TrainEvaluator, seed=0), no_choices, candidates, changes)
    sys.modules.pop("own_layer", None)
    release_datasets()


@pytest.mark.parametrize("check", EACH)
def test_conformance_with_data_weights_and_code_of_ones_own(check, own):
    check(own)


def other_table(file: Path) -> None:
    file.write_text("model.width,acc\n1,0.5\n2,0.7\n")


@pytest.mark.parametrize("check", EACH)
def test_conformance_of_tables(check, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("model.width,acc\n1,0.5\n2,0.6\n")
    make = partial(TabularEvaluator, str(table), "acc", [], "error")
    changes = {"the table": partial(rewritten, table, other_table)}
    check(Subject(make, widths, [{"model.width": 1}, {"model.width": 2}], changes))


class Careless(Evaluator):
    """An evaluator that passes none of the checks."""

    metrics = ("acc", "other")

    def prepare(self, space):
        pass

    def check(self, candidate):
        pass

    def evaluate(self, candidate, repeat, weights):
        candidate["model"]["width"] = random.random()
        weights.write_text("")
        return Evaluation({"acc": random.random()}, epochs=1)

    def identity(self, candidate, repeat=0):
        return {}

    def remeasure(self, candidate, weights):
        return {"acc": 2.0}

    def share(self):
        pass

    def adopt(self, shared):
        pass

    def remember(self, folder):
        pass


@pytest.mark.parametrize("check", EACH)
def test_the_checks_can_fail(check):
    candidates = [{"model": {"_target_": "torch.nn.Linear", "width": one}} for one in (1, 2)]
    with pytest.raises(AssertionError):
        check(Subject(Careless, no_choices, candidates, {"nothing": contextlib.nullcontext}))
