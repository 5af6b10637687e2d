"""What a winner is trained and tested on: development images, and the test split."""

import torch

from dataset.common import COMMON
from nas_hydra.dataset.cache import splits
from nas_hydra.dataset.digits import Digits
from nas_hydra.dataset.mnist import Mnist


def digits(**changes) -> Digits:
    return Digits(**{**COMMON, "input_shape": (1, 8, 8), "holdout": 0.2, **changes})


def test_training_and_validation_images_together():
    data = digits()
    known = data.at("final").splits
    assert len(known.train) == len(data.train) + len(data.valid)
    source = data.open("development")
    pixels = source[torch.arange(len(source.labels))]
    mean, std = pixels.mean(dim=(0, 2, 3)), pixels.std(dim=(0, 2, 3))
    torch.testing.assert_close(known.prepare.mean.flatten(), mean)
    torch.testing.assert_close(known.prepare.std.flatten(), std)
    torch.testing.assert_close(known.train.inputs * known.prepare.std + known.prepare.mean, pixels)
    assert torch.equal(known.train.target, source.labels)


def test_the_test_split_is_none_of_them():
    data = digits()
    test = data.open("test")
    assert torch.equal(torch.as_tensor(data.at("final").splits.test.target), test.target)
    given = {image.numpy().tobytes() for image in data.open("development")[torch.arange(1437)]}
    held = [image.numpy().tobytes() for image in test[torch.arange(len(test.target))]]
    assert sum(image in given for image in held) <= 2  # the few that are there twice


def test_the_limit_holds_for_training_only():
    data = digits(limit=100)
    assert len(data.at("final").splits.train) == 100
    assert len(data.at("final").splits.test) == 360
    assert sum(data.at("final").splits.counts) == 1437


def test_batches_are_of_these_splits():
    data = digits(limit=100)
    trained = sum(len(labels) for _, labels in data.at("final").train_batches(seed=0))
    assert trained == 100
    tested = torch.cat([labels for _, labels in data.at("final").test_batches()])
    assert torch.equal(tested, torch.as_tensor(data.at("final").splits.test.target))


def test_images_that_do_not_fit_are_streamed():
    whole, streamed = digits(seed=5), digits(seed=5, memory_limit=1, workers=0)
    known = streamed.at("final").splits
    torch.testing.assert_close(known.prepare.mean, whole.at("final").splits.prepare.mean)
    places = torch.tensor([0, 7])
    torch.testing.assert_close(known.test[places][0], whole.at("final").splits.test[places][0])


def test_both_kinds_of_splits_are_held_beside_each_other():
    data = digits(seed=7)
    assert data.at("final").splits is splits(data.at("final"))
    assert data.train is splits(data).train


def test_what_monitors_a_training_is_neither_trained_on_nor_tested_on():
    search, final = digits().splits, digits().at("final").splits
    known = digits().at("monitored").splits
    assert torch.equal(known.train.inputs, search.train.inputs)
    assert torch.equal(known.valid.inputs, search.valid.inputs)
    assert torch.equal(known.test.target, final.test.target)
    assert search.test is digits().test_batches() is None
    assert final.valid is digits().at("final").valid_batches() is None


def test_names_of_classes(fashion_mnist):
    assert digits().class_names == [str(digit) for digit in range(10)]
    settings = {**COMMON, "input_shape": (1, 28, 28), "name": "FashionMNIST"}
    data = Mnist(**settings, root=str(fashion_mnist), download=False)
    assert data.class_names[:2] == ["T-shirt/top", "Trouser"]
