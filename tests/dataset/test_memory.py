"""In memory or streamed: the same batches, and each image held once."""

import logging
import os
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest
import torch
from PIL import Image

from dataset.common import COMMON
from nas_hydra.dataset import Rows
from nas_hydra.dataset.cache import adopt_datasets, release_datasets, share_datasets, splits
from nas_hydra.dataset.digits import Digits
from nas_hydra.dataset.image_folder import ImageFolder
from nas_hydra.dataset.mnist import Mnist
from nas_hydra.dataset.rows import Stream
from nas_hydra.engine.worker import LazyPickle
from nas_hydra.errors import ConfigError, SearchFailedError


@pytest.fixture(autouse=True)
def _nothing_held():
    release_datasets()
    yield
    release_datasets()


def digits(**changes) -> Digits:
    return Digits(**{**COMMON, "holdout": 0.2, "input_shape": (1, 8, 8), **changes})


def fashion(root, **changes) -> Mnist:
    own = {"name": "FashionMNIST", "root": str(root), "download": False}
    return Mnist(**{**COMMON, **own, "input_shape": (1, 28, 28), "limit": 3000, **changes})


def folder(root, **changes) -> ImageFolder:
    for label in range(2):
        for index in range(20):
            file = root / f"class_{label}" / f"{index}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():
                continue
            Image.effect_noise((20, 30), 10 + index).convert("RGB").save(file)
    own = {"num_classes": 2, "holdout": 0.2, "root": str(root), "size": 16, "batch_size": 5}
    return ImageFolder(**{**COMMON, **own, "input_shape": (3, 16, 16), **changes})


def two_epochs(data) -> list[tuple[torch.Tensor, torch.Tensor]]:
    train, valid = data.train_batches(seed=3), data.valid_batches()
    return [*train, *valid, *train, *valid]


def both_ways(make, *args, **changes):
    held = two_epochs(make(*args))
    release_datasets()
    streaming = make(*args, memory_limit="1kB", **changes)
    assert isinstance(streaming.train, Stream)
    return held, two_epochs(streaming)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("make", [fashion, folder])
def test_streamed_batches_are_those_in_memory(make, workers, tmp_path, fashion_mnist):
    held, streamed = both_ways(
        make, fashion_mnist if make is fashion else tmp_path, workers=workers
    )
    assert len(held) == len(streamed) > 4
    for one, other in zip(held, streamed, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])
        assert other[0].is_contiguous(memory_format=torch.channels_last)


def test_pixels_lie_channels_last_and_batches_do(tmp_path):
    data = folder(tmp_path)
    for pixels in (data.train.inputs, next(iter(data.train_batches(seed=0)))[0]):
        assert pixels.is_contiguous(memory_format=torch.channels_last)
        assert not pixels.is_contiguous()


def test_which_way_was_taken_is_told(caplog):
    with caplog.at_level(logging.INFO):
        _ = digits().train
        release_datasets()
        _ = digits(memory_limit=1000).train
    held, streamed = caplog.messages
    assert "are held in memory" in held
    assert "decoded anew in every epoch" in streamed


@pytest.mark.parametrize("limit", ["much", "2 furlongs"])
def test_a_limit_that_is_no_size_is_named(limit):
    with pytest.raises(ConfigError, match=r"dataset\.memory_limit: is .*; allowed: bytes, a text"):
        digits(memory_limit=limit)


def test_the_limit_does_not_make_another_dataset():
    assert digits(memory_limit="1GB").train is digits().train


def test_micro_batches_are_the_batches_cut():
    data = digits(batch_size=33)
    whole, cut = list(data.train_batches(seed=1)), list(data.train_batches(seed=1, parts=2))
    assert len(cut) == 2 * len(whole) == len(data.train_batches(seed=1, parts=2))
    assert torch.equal(torch.cat([y for _, y in whole]), torch.cat([y for _, y in cut]))
    assert torch.equal(torch.cat([y for _, y in data.valid_batches()]), data.valid.target)


def test_a_batch_of_validation_is_two_of_training():
    data = digits(batch_size=10)
    sizes = {len(labels) for _, labels in data.valid_batches()}
    assert max(sizes) <= 20 < 2 * min(sizes)


def change_in_worker(parcel) -> None:
    Digits.open = None  # nothing may be loaded
    adopt_datasets(parcel.open())
    pixels = digits().train.inputs
    assert pixels.is_contiguous(memory_format=torch.channels_last)
    pixels[0, 0, 0, 0] = 42.0


def changed_by_another_process() -> float:
    """What a pixel of the held images is after a worker has set it to 42."""
    worker = get_context("spawn").Process(
        target=change_in_worker, args=(LazyPickle(share_datasets()),)
    )
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    return digits().train.inputs[0, 0, 0, 0].item()


@pytest.mark.long
def test_another_process_uses_the_same_memory():
    pixels, before = digits().train.inputs, digits().train.inputs.clone()
    share_datasets()
    assert torch.equal(pixels, before)
    assert changed_by_another_process() == 42.0
    assert pixels[0, 0, 0, 0] == 42.0


@pytest.mark.long
def test_where_there_is_no_such_memory_it_is_a_file_and_that_is_told(monkeypatch, caplog):
    def refuse(name):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "memfd_create", refuse)
    _ = digits().train
    with caplog.at_level(logging.INFO):
        assert changed_by_another_process() == 42.0
    assert any("workers share 0 MB in" in text for text in caplog.messages)


def test_where_there_is_no_room_for_that_either_the_search_ends_with_what_to_do(monkeypatch):
    def refuse(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "memfd_create", refuse)
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    _ = digits().train
    with pytest.raises(SearchFailedError, match=r"No space left.*TMPDIR.*engine=serial"):
        share_datasets()


@pytest.mark.long
@pytest.mark.parametrize("size", ["64k", "64k,ro"])
def test_a_small_dev_shm_or_one_that_cannot_be_written_is_not_missed(size, tmp_path):
    folder(tmp_path / "images")
    mount = f"mount -t tmpfs -o size={size} tmpfs /dev/shm"
    script = f"{mount} && exec {sys.executable} {__file__} {tmp_path / 'images'}"
    if subprocess.run(["unshare", "--mount", "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("needs to mount a /dev/shm of its own")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    assert ("decoded by the trainer's own process" in done.stderr) == size.endswith("ro")
    assert done.stdout.split() == ["42.0", "5"]


def test_only_the_last_datasets_stay():
    first = digits(seed=1).train
    for seed in (2, 3):
        _ = digits(seed=seed).train
    assert digits(seed=3).train is splits(digits(seed=3)).train
    again = digits(seed=1).train
    assert isinstance(again, Rows)
    assert again is not first


if __name__ == "__main__":  # in a process whose /dev/shm is another
    _ = digits().train
    print(changed_by_another_process())
    large = {"size": 160, "input_shape": (3, 160, 160)}
    streamed = folder(Path(sys.argv[1]), memory_limit="1kB", workers=2, **large)
    print(len(list(streamed.train_batches(seed=0))))
