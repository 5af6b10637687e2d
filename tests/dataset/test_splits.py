"""Splits: fixed by seed, stratified, disjoint, normalised by the training images alone."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nas_hydra.dataset import Batches, Order, Rows
from nas_hydra.dataset.augment import Augmentation
from nas_hydra.dataset.cache import release_datasets, splits
from nas_hydra.dataset.digits import Digits
from nas_hydra.dataset.split.stratified import stratified
from nas_hydra.errors import ConfigError

DEFAULTS = {
    "input_shape": (1, 8, 8),
    "num_classes": 10,
    "batch_size": 32,
    "validation": 0.2,
    "holdout": 0.2,
    "limit": None,
    "seed": 0,
    "memory_limit": None,
    "workers": 0,
    "augment": Augmentation([]),
}


def digits(**changes) -> Digits:
    return Digits(**{**DEFAULTS, **changes})


def shares(labels: Tensor) -> Tensor:
    return torch.bincount(labels, minlength=10) / len(labels)


def pixels(split) -> Tensor:
    return split[torch.arange(len(split))][0]


def fingerprints(images: Rows) -> set[bytes]:
    return {image.numpy().tobytes() for image in pixels(images)}


def test_splits_cover_the_images_in_the_asked_shares():
    data = digits()
    sizes = [len(data.train), len(data.valid), len(data.at("monitored").test)]
    assert sum(sizes) == 1797
    assert sizes[2] == pytest.approx(0.2 * 1797, abs=1)
    assert sizes[1] == pytest.approx(0.2 * (sizes[0] + sizes[1]), abs=1)


def test_splits_are_stratified():
    data = digits()
    for part in (data.valid, data.at("monitored").test):
        assert torch.allclose(shares(part.target), shares(data.train.target), atol=0.01)


def test_splits_share_no_image():
    data = digits()
    assert len(fingerprints(data.train)) == len(data.train)
    assert not fingerprints(data.train) & fingerprints(data.valid)
    assert not fingerprints(data.train) & fingerprints(data.at("monitored").test)


def test_one_seed_is_one_split_and_another_seed_another():
    first = digits(seed=1).valid.target.clone()
    release_datasets()
    assert torch.equal(digits(seed=1).valid.target, first)
    assert not torch.equal(digits(seed=2).valid.target, first)


def test_training_pixels_are_normalised():
    found = digits().train.inputs
    assert found.mean().item() == pytest.approx(0, abs=1e-5)
    assert found.std().item() == pytest.approx(1, abs=1e-5)


def test_validation_and_test_use_the_statistics_of_training():
    data = digits()
    known = splits(data)
    source = data.open("test")
    raw = source[torch.arange(len(source.labels))]
    assert torch.allclose(pixels(data.at("monitored").test), known.prepare(raw))


def test_limit_draws_training_and_validation_images_in_proportion():
    data = digits(limit=200)
    assert (len(data.train), len(data.valid)) == (160, 40)
    assert len(data.at("monitored").test) == len(digits().at("monitored").test)
    assert torch.allclose(shares(data.train.target), torch.full((10,), 0.1), atol=0.03)


def test_images_are_held_once_for_every_batch_size():
    assert digits(batch_size=8).train is digits(batch_size=64).train


def test_a_shape_from_yaml_makes_the_same_dataset():
    """A list is no tuple, and a dataset with a list in it could not be looked up."""
    assert digits(input_shape=[1, 8, 8]).train is digits().train


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_classes": 7}, r"dataset\.num_classes: is 7; .* 10 classes. Say .*=10"),
        (
            {"input_shape": [1, 9, 9]},
            r"dataset\.input_shape: is \[1, 9, 9\]; the images are \[1, 8, 8\] .*"
            r"Say dataset\.input_shape=\[1,8,8\]",
        ),
        ({"validation": 1.0}, r"dataset\.validation: is 1\.0; allowed: above 0 and below 1"),
        ({"holdout": 0.0}, r"dataset\.holdout: is 0\.0"),
        ({"batch_size": 0}, r"dataset\.batch_size: is 0; at least 1"),
        ({"limit": 12}, r"dataset\.limit: is 12; at least 20"),
    ],
)
def test_wrong_settings_are_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        _ = digits(**changes).train


@given(st.lists(st.integers(0, 3), min_size=40, max_size=200), st.integers(0, 9))
@settings(deadline=None, max_examples=30)
def test_stratified_parts_the_places_in_two(labels, seed):
    whole = torch.tensor([*labels, *[0, 1, 2, 3] * 10])
    rest, chosen = stratified(whole, 0.3, seed, "key")
    assert sorted([*rest.tolist(), *chosen.tolist()]) == list(range(len(whole)))


@given(st.integers(1, 50), st.integers(1, 60))
def test_ordered_batches_are_all_images_in_order(number, size):
    images = Rows(torch.arange(number).float().view(-1, 1, 1, 1), torch.arange(number))
    batches = Batches(images, Order(number, size))
    found = list(batches)
    assert len(found) == len(batches)
    assert torch.equal(torch.cat([labels for _, labels in found]), torch.arange(number))


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 5))
def test_shuffled_batches_hold_every_image_and_are_fixed_by_the_seed(number, size, seed):
    images = Rows(torch.arange(number).float().view(-1, 1, 1, 1), torch.arange(number))
    batches, again = (Batches(images, Order(number, size, seed)) for _ in range(2))
    for _ in range(2):
        found = [labels for _, labels in batches]
        assert torch.cat(found).sort().values.tolist() == list(range(number))
        assert all(torch.equal(*pair) for pair in zip(found, [y for _, y in again], strict=True))


@given(st.integers(2, 300), st.integers(2, 300))
def test_batches_are_as_equal_as_can_be_and_none_has_one_image(number, size):
    sizes = [len(batch) for batch in Order(number, size, seed=0)]
    assert max(sizes) - min(sizes) <= 1 < min(sizes)
    assert max(sizes) <= size or size == 2


def test_epochs_differ():
    images = Rows(torch.zeros(50, 1, 1, 1), torch.arange(50))
    batches = Batches(images, Order(50, 50, seed=0))
    (first,), (second,) = list(batches), list(batches)
    assert not torch.equal(first[1], second[1])
