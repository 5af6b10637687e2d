"""A LightningDataModule as data: made anew, known by its batches, and no more asked than needed."""

from pathlib import Path

import numpy
import pytest
import torch

from nas_hydra.dataset import Data
from nas_hydra.dataset.own import OwnData, data_from
from nas_hydra.errors import ConfigError

TEMPLATE = Path(__file__).parents[1] / "template"
MNIST = {"_target_": "src.data.mnist_datamodule.MNISTDataModule", "batch_size": 32}
MODULE = """
import numpy
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset


class Bare(LightningDataModule):
    def train_dataloader(self):
        return DataLoader(torch.rand(8, 3), 4)


class Single(Bare):
    def val_dataloader(self):
        return self.train_dataloader()


class Named(Single):
    def collate(self, rows):
        return {"ids": torch.ones(len(rows), 5).long(), "age": torch.rand(len(rows))}, torch.ones(4)

    def train_dataloader(self):
        return DataLoader(torch.rand(8, 3), 4, collate_fn=self.collate)


class Noisy(Single):
    def train_dataloader(self):
        return [torch.from_numpy(numpy.random.rand(4, 3)) for _ in range(2)]


class Empty(Single):
    def val_dataloader(self):
        return DataLoader(torch.rand(0, 3), 4)


class Failing(Single):
    def setup(self, stage):
        raise OSError("the disk is gone")


class Strict(Single):
    def setup(self, stage):
        self.size = 4 // self.trainer.world_size
"""


@pytest.fixture(autouse=True)
def modules(monkeypatch, own_modules):
    monkeypatch.syspath_prepend(TEMPLATE)
    Path("own_data_parts.py").write_text(MODULE)


def own(name: str) -> Data:
    return data_from({"_target_": f"own_data_parts.{name}"})


def test_a_datamodule_is_data():
    data = data_from(MNIST)
    assert isinstance(data, OwnData)
    assert data.example.inputs.shape == (2, 1, 8, 8)
    assert data.example.target.shape == (2,)
    assert (data.batch_size, data.rows, data.num_classes) == (32, 38 * 32, 10)
    assert sum(len(batch[1]) for batch in data.valid_batches()) == 297
    assert data.test_batches() is None
    assert sum(len(batch[1]) for batch in data.at("final").test_batches()) == 300


def test_every_training_has_a_module_of_its_own():
    data = own("Single")
    assert data.module() is not data.module()


def test_inputs_may_be_a_tree():
    example = own("Named").example
    assert {name: part.shape for name, part in example.inputs.items()} == {
        "ids": (2, 5),
        "age": (2,),
    }


def test_changed_content_is_noticed_and_the_same_is_not():
    first = data_from(MNIST).noted
    assert data_from(MNIST).noted == first
    with numpy.load("data/digits.npz") as known:
        images, labels = known["images"], known["labels"]
    images[:] = images[::-1]
    numpy.savez("data/digits.npz", images=images, labels=labels)
    changed = data_from(MNIST).noted
    assert changed.data["train"] != first.data["train"]


def test_data_is_the_same_whatever_was_drawn_before():
    first = data_from(MNIST).noted.data
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert data_from(MNIST).noted.data == first
    assert torch.equal(torch.get_rng_state(), state)


def test_what_differs_from_pass_to_pass_is_said_to():
    noted = own("Noisy").noted.data
    assert noted == {"train": "differs from pass to pass", "validation": noted["validation"]}


def test_files_in_folders_that_it_names_are_part_of_what_it_is():
    first = data_from({**MNIST, "data_dir": "data"}).noted.identity
    Path("data/more.bin").write_bytes(b"more")
    second = data_from({**MNIST, "data_dir": "data"}).noted.identity
    assert {name for name in first if first[name] != second[name]} == {"files"}


def test_a_module_that_asks_for_its_trainer_has_one():
    assert len(own("Strict").noted.data) == 2


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Bare", "dataset: Bare has no val_dataloader, which is needed to rank candidates"),
        ("Empty", "dataset: Empty.val_dataloader gives no batch"),
        ("Failing", "dataset: Failing: prepare_data and setup failed: OSError: the disk is gone"),
    ],
)
def test_what_cannot_be_searched_on_is_told(name, wanted):
    with pytest.raises(ConfigError) as error:
        _ = own(name).noted
    assert str(error.value) == wanted


def test_a_batch_that_is_no_pair_has_no_example():
    with pytest.raises(ConfigError) as error:
        _ = own("Single").example
    assert "gives batches that are float32 of shape (4, 3); a pair" in str(error.value)


def test_what_is_no_data_is_refused():
    with pytest.raises(ConfigError, match="no Data"):
        data_from({"_target_": "torch.nn.Flatten"})
