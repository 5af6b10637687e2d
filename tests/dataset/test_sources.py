"""Where images come from: files, folders, torchvision."""

import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision.datasets
from PIL import Image

from dataset.common import COMMON
from nas_hydra.dataset.fake import Fake
from nas_hydra.dataset.image_folder import ImageFolder
from nas_hydra.dataset.mnist import Mnist, read_idx
from nas_hydra.dataset.torchvision import channels_first
from nas_hydra.errors import ConfigError


def mnist(root: Path, **changes) -> Mnist:
    given = dict(COMMON, name="FashionMNIST", root=str(root), download=False)
    given["input_shape"] = (1, 28, 28)
    return Mnist(**{**given, **changes})


def write_idx(file: Path, array: np.ndarray) -> None:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    content = header + array.astype(np.uint8).tobytes()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)


def write_folder(root: Path, classes: int = 2, number: int = 10) -> None:
    for label in range(classes):
        (root / f"class_{label}").mkdir(parents=True)
        for index in range(number):
            image = Image.new("RGB", (20, 30), (100 * label, index, 0))
            image.save(root / f"class_{label}" / f"{index}.png")


def folder(root: Path | str, **changes) -> ImageFolder:
    given = dict(COMMON, num_classes=2, holdout=0.2, root=str(root), size=16)
    given["input_shape"] = (3, 16, 16)
    return ImageFolder(**{**given, **changes})


def test_real_fashion_mnist_is_read_from_idx_files(fashion_mnist):
    data = mnist(fashion_mnist, limit=2000)
    assert data.train.inputs.shape[1:] == (1, 28, 28)
    assert (len(data.train), len(data.valid), len(data.at("monitored").test)) == (1600, 400, 10000)
    assert torch.bincount(data.valid.target).tolist() == [40] * 10


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_idx_files_give_back_what_was_written(tmp_path, ending):
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / f"file{ending}", array)
    assert np.array_equal(read_idx(tmp_path / f"file{ending}"), array)


def test_idx_files_of_other_numbers_are_refused(tmp_path):
    write_idx(tmp_path / "file", np.zeros((2, 3)))
    content = bytearray((tmp_path / "file").read_bytes())
    content[2] = 9
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ConfigError, match="its numbers are of type 0x09, not bytes"):
        read_idx(tmp_path / "file")


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_cut_idx_file_is_named(tmp_path, ending):
    for name in ("train", "t10k"):
        write_idx(tmp_path / f"{name}-images-idx3-ubyte{ending}", np.zeros((20, 28, 28)))
        write_idx(tmp_path / f"{name}-labels-idx1-ubyte{ending}", np.arange(20) % 10)
    file = tmp_path / f"train-images-idx3-ubyte{ending}"
    for size in (0, 3, 15, file.stat().st_size - 5):
        file.write_bytes(file.read_bytes()[:size])
        with pytest.raises(ConfigError, match=rf"{file} cannot be read: \w+: "):
            _ = mnist(tmp_path).train


class Odd(Fake):
    """A dataset of somebody's."""

    def open_all(self):
        raise KeyError("images")


def test_whatever_reading_raises_is_told_with_the_dataset():
    with pytest.raises(ConfigError, match="dataset: Odd cannot read its images: KeyE"):
        _ = Odd(**COMMON, holdout=0.2, size=200, input_shape=(3, 10, 12)).train


def test_missing_dataset_says_what_to_do_and_writes_nothing(tmp_path):
    with pytest.raises(ConfigError, match=r"dataset\.root: there is no FashionMNIST in .*/data"):
        _ = mnist(tmp_path / "data").train
    assert not (tmp_path / "data").exists()


def test_failed_download_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(ConfigError, match="cannot be downloaded"):
        _ = mnist(tmp_path / "data", download=True).train
    assert not (tmp_path / "data").exists()


@pytest.fixture
def mirror(fashion_mnist) -> Iterator[str]:
    """A stand-in for the download server, which is out of reach: it serves Debian's files."""
    handler = partial(SimpleHTTPRequestHandler, directory=fashion_mnist)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def test_download_puts_the_dataset_into_the_root(tmp_path, monkeypatch, mirror, fashion_mnist):
    files = sorted(fashion_mnist.glob("*.gz"))  # Debian compressed them anew: other digests
    resources = [(file.name, hashlib.md5(file.read_bytes()).hexdigest()) for file in files]
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "mirrors", [mirror])
    monkeypatch.setattr(torchvision.datasets.FashionMNIST, "resources", resources)
    data = mnist(tmp_path / "data", download=True, limit=500)
    assert len(data.train) == 400
    assert (tmp_path / "data" / "FashionMNIST").is_dir()
    assert len(mnist(tmp_path / "data", limit=600).train) == 480


def test_unknown_torchvision_dataset_is_named():
    with pytest.raises(ConfigError, match=r"dataset\.name: is 'CIFAR11'.*did you mean 'CIFAR10'"):
        mnist(Path("data"), name="CIFAR11")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 8, 9), (5, 1, 8, 9)),  # MNIST
        ((5, 8, 9, 3), (5, 3, 8, 9)),  # CIFAR
        ((5, 3, 8, 9), (5, 3, 8, 9)),  # SVHN
    ],
)
def test_channels_come_first(shape, expected):
    pixels = channels_first(np.full(shape, 255, np.uint8))
    assert tuple(pixels.shape) == expected
    assert pixels.unique().tolist() == [255]


def test_image_folder_resizes_and_labels_by_folder(tmp_path):
    write_folder(tmp_path / "images")
    data = folder(tmp_path / "images")
    assert data.train.inputs.shape[1:] == (3, 16, 16)
    assert len(data.train) + len(data.valid) + len(data.at("monitored").test) == 20
    assert set(data.valid.target.tolist()) == {0, 1}


def test_missing_image_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"dataset\.root: .*nowhere is not there\. Wanted is"):
        _ = folder(tmp_path / "nowhere").train


def test_broken_image_is_named(tmp_path):
    write_folder(tmp_path / "images")
    (tmp_path / "images" / "class_1" / "3.png").write_bytes(b"no image")
    with pytest.raises(ConfigError, match=r"class_1/3\.png cannot be read"):
        _ = folder(tmp_path / "images").train


def break_images(root: Path, *names: str) -> None:
    for name in names:
        content = (root / name).read_bytes()
        (root / name).write_bytes(content[: len(content) // 2])


def test_all_broken_images_are_told_at_once_also_of_the_test_split(tmp_path):
    write_folder(tmp_path)
    break_images(tmp_path, *(f"class_1/{number}.png" for number in range(7)))
    with pytest.raises(ConfigError, match=r"class_1/0\.png cannot.*; and 2 more\. .*broken=skip"):
        folder(tmp_path).open("development")


def test_broken_images_are_left_out_if_so_wanted_and_are_named_once(tmp_path, caplog):
    write_folder(tmp_path)
    break_images(tmp_path, "class_0/3.png", "class_1/7.png")
    data = folder(tmp_path, broken="skip")
    known = data.at("final").splits  # of which both parts are opened
    assert len(known.train) + len(known.test) == 18
    assert sum(torch.bincount(split.target) for split in (known.train, known.test)).tolist() == [
        9,
        9,
    ]
    (line,) = [one for one in caplog.messages if "left out" in one]
    assert "2 of 20 images" in line
    assert "class_0/3.png" in line
    assert "class_1/7.png" in line


def test_a_class_of_which_nothing_is_left_is_named(tmp_path):
    write_folder(tmp_path, classes=3, number=2)
    break_images(tmp_path, "class_1/0.png", "class_1/1.png")
    with pytest.raises(ConfigError, match="no image can be read of the class folder 'class_1'"):
        folder(tmp_path, broken="skip", num_classes=3).open("test")


def test_files_that_are_no_images_by_their_names_are_told(tmp_path, caplog):
    write_folder(tmp_path)
    for name in ("notes.txt", "moving.mp4", ".hidden"):
        (tmp_path / "class_1" / name).write_bytes(b"")
    folder(f"{tmp_path}/./").open("development")
    (line,) = caplog.messages
    assert "data: 2 files in the class folders are left out" in line
    assert "moving.mp4" in line


def test_too_large_images_count_as_broken(tmp_path):
    write_folder(tmp_path)
    with pytest.raises(ConfigError, match="more than 599 pixels; pixel_limit=N"):
        folder(tmp_path, pixel_limit=599).open("test")
    assert folder(tmp_path, pixel_limit=600).open("test").labels.sum() == 2


def test_an_image_that_breaks_later_is_named(tmp_path):
    write_folder(tmp_path)
    data = folder(tmp_path, memory_limit="1kB", batch_size=4)
    batches = data.train_batches(seed=0)
    for file in tmp_path.glob("class_1/*"):
        file.write_bytes(b"no image")
    with pytest.raises(ConfigError, match=r"class_1/\d\.png cannot be read: cannot identify"):
        list(batches)


def test_fake_images_have_the_asked_shape():
    data = Fake(**COMMON, holdout=0.2, size=200, input_shape=(3, 10, 12))
    assert data.train.inputs.shape[1:] == (3, 10, 12)
    assert len(data.train) + len(data.valid) + len(data.at("monitored").test) == 200
