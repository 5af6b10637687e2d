"""A value belongs to the data on which it was measured: the record, the store, other runs."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from command import SMALL, nas_hydra, rows
from integration.cells import CELLS, write_cells
from nas_hydra.cli.retrain import run
from nas_hydra.dataset.split.stratified import stratified

SEARCH = (
    *SMALL,
    *("strategy=random", "budget.trials=1", "search_space=mlp", "trainer.max_epochs=2"),
    *("dataset=image_folder", "dataset.root=images", "dataset.num_classes=3", "dataset.size=16"),
    *("dataset.limit=null", "dataset.batch_size=8"),
)


@pytest.fixture
def images() -> Path:
    """Three classes of twenty images: where the bright bar is."""
    for label in range(3):
        for number in range(20):
            pixels = np.random.default_rng(100 * label + number).integers(0, 80, (16, 16, 3))
            pixels[5 * label : 5 * label + 5] += 120
            file = Path("images", "abc"[label], f"{number}.png")
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype("uint8")).save(file)
    return Path("images")


@pytest.fixture
def search(monkeypatch, capsys):
    """Runs a search in a folder; its exit code, and what it printed last on standard error."""

    def searched(name: str, *overrides: str) -> tuple[int, str]:
        code = nas_hydra(monkeypatch, *SEARCH, f"hydra.run.dir={name}", *overrides)
        return code, capsys.readouterr().err

    return searched


def validated(images: Path) -> list[Path]:
    """The images on which the search's candidates are measured."""
    files = sorted(images.rglob("*.png"), key=lambda file: (file.parent.name, file.name))
    labels = torch.tensor(["abc".index(file.parent.name) for file in files])
    rest, _ = stratified(labels, 0.2, 0, "dataset.holdout")
    return [files[int(rest[n])] for n in stratified(labels[rest], 0.2, 0, "dataset.validation")[1]]


def value(folder: str) -> str:
    return rows(Path(folder))[0]["val_loss"]


def log(folder: str) -> str:
    return Path(folder, "nas-hydra.log").read_text()


@pytest.mark.long
def test_validation_images_that_were_turned_are_others_for_all_who_know_a_value(images, search):
    assert search("first", "evaluator.store=store")[0] == 0
    assert search("same", "evaluator.store=store")[0] == 0
    assert "not trained again" in log("same")
    turned = validated(images)
    for file in turned:
        Image.open(file).transpose(Image.Transpose.ROTATE_180).save(file)
    assert search("stored", "evaluator.store=store")[0] == 0
    assert search("fresh")[0] == 0
    assert "not trained again" not in log("stored")
    assert value("stored") == value("fresh") != value("first")
    before = Path("first/journal.log").read_bytes()
    code, told = search("first", "budget.trials=2")
    assert code == 2
    count = len(turned)
    told_how = f"{count} of {count} validation images are others, or of other classes"
    assert f"dataset: has changed since the search in this folder began: {told_how}" in told
    assert Path("first/journal.log").read_bytes() == before
    assert search("warm", "strategy.initial=first")[0] == 0
    assert "1 to be evaluated anew (its data is not that of this run: " + told_how in log("warm")
    assert value("warm") == value("fresh")
    Path("first/examples.npz").unlink()
    code, told = search("first", "budget.trials=2")
    assert (code, "began: other validation images." in told) == (2, True)


@pytest.mark.long
def test_images_that_go_and_come_back_are_the_same(images, search):
    assert search("first")[0] == 0
    shutil.copytree(images, "kept")
    for file in (images / "a").iterdir():
        file.rename(file.with_name(f"x{file.name[::-1].partition('.')[2]}.png"))
    assert "images are others" in search("first", "budget.trials=2")[1]
    shutil.rmtree(images)
    shutil.copytree("kept", images)
    assert search("first", "budget.trials=2")[0] == 0
    assert len(rows(Path("first"))) == 2


WARM = """
import torch
from torch import nn

class Warm(nn.Sequential):
    def __init__(self, weights):
        super().__init__(nn.Flatten(), nn.Linear(768, 3))
        self.load_state_dict(torch.load(weights))
"""


@pytest.mark.long
def test_pretrained_weights_that_were_replaced_are_others(images, search, own_modules, capsys):
    Path("warm_net.py").write_text(WARM)
    Path("conf/search_space").mkdir(parents=True)
    Path("conf/search_space/warm.yaml").write_text(
        "# mine\nmodel:\n  _target_: warm_net.Warm\n  weights: w.pt\n"
    )
    words = ("--config-dir=conf", "search_space=warm", "evaluator.store=store")

    def pretrain(seed: int) -> None:
        torch.manual_seed(seed)
        layer = torch.nn.Linear(768, 3)
        torch.save({f"1.{name}": part for name, part in layer.state_dict().items()}, "w.pt")

    pretrain(0)
    assert search("first", *words)[0] == 0
    pretrain(1)
    code, told = search("first", *words, "budget.trials=2")
    assert (code, "'w.pt' has other content" in told) == (2, True)
    retrain = ["nas-hydra-retrain", "run=first", "trust=[warm_net]", "seeds=1", "baseline=none"]
    assert run([*retrain, "random=false"]) == 2
    assert "has changed since the search: 'w.pt' has other content" in capsys.readouterr().err
    assert search("second", *words)[0] == 0
    assert "not trained again" not in log("second")


def test_a_record_that_has_only_counts_goes_on(images, search, monkeypatch):
    counts = property(lambda self: {"counts": [16, 16, 16]})
    with monkeypatch.context() as earlier:
        earlier.setattr("nas_hydra.evaluator.train.TrainEvaluator.data", counts)
        earlier.setattr("nas_hydra.app.assemble.digests", lambda *_: {})
        assert search("first")[0] == 0
    assert search("first", "budget.trials=2")[0] == 0
    assert len(rows(Path("first"))) == 2


def test_a_table_that_was_changed_is_another(monkeypatch, capsys):
    table = Path("cells.csv")
    write_cells(table)
    assert nas_hydra(monkeypatch, *CELLS) == 0
    content = table.read_text().splitlines()
    table.write_text("\n".join([content[0], *reversed(content[1:])]))
    capsys.readouterr()
    assert nas_hydra(monkeypatch, *CELLS) == 2
    assert "'cells.csv' has other content" in capsys.readouterr().err


def test_a_folder_of_weights_whose_files_changed_is_another(monkeypatch, capsys):
    write_cells(Path("cells.csv"))
    Path("weights/deep").mkdir(parents=True)
    Path("weights/deep/w.bin").write_bytes(b"one")
    words = (*CELLS, "+search_space.model.pretrained=./weights")
    assert nas_hydra(monkeypatch, *words, "budget.trials=2") == 0
    assert nas_hydra(monkeypatch, *words, "budget.trials=3") == 0
    Path("weights/deep/w.bin").write_bytes(b"another")
    capsys.readouterr()
    assert nas_hydra(monkeypatch, *words, "budget.trials=4") == 2
    assert "'./weights' has other content" in capsys.readouterr().err
