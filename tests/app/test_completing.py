"""What a config leaves to the data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.app.completing import LEAST_EPOCHS, LEAST_STEPS, batch_size, complete, epochs
from nas_hydra.app.settings import resolved
from nas_hydra.compose import composed
from nas_hydra.errors import ConfigError


def completed(*overrides):
    with composed(overrides) as config:
        complete(config, resolved(config))
        return config


@given(st.integers(2, 10**7))
def test_every_candidate_has_steps_enough_and_sees_every_image_often_enough(images):
    batch = batch_size(images)
    number = epochs(images, batch)
    assert number >= LEAST_EPOCHS
    assert number * -(-images // batch) >= LEAST_STEPS
    assert (number - 1) * -(-images // batch) < LEAST_STEPS or number == LEAST_EPOCHS


@pytest.mark.parametrize(("images", "batch"), [(2, 16), (115, 16), (1150, 32), (60_000, 128)])
def test_batches_grow_with_the_data(images, batch):
    assert batch_size(images) == batch


def test_what_is_null_is_filled_in_and_what_is_given_stays():
    config = completed("dataset.limit=200")
    assert (config.dataset.batch_size, config.trainer.max_epochs) == (16, 18)
    assert config.scheduler.T_max == 18
    config = completed("dataset.limit=200", "dataset.batch_size=160", "trainer.max_epochs=2")
    assert (config.dataset.batch_size, config.trainer.max_epochs) == (160, 2)


@pytest.mark.parametrize(
    ("space", "wanted"),
    [
        ("text_cnn", "has no vocabulary.*: 'dataset=tensors', 'dataset=text'"),
        ("inception_time", "has no channels.*: 'dataset=series', 'dataset=tensors'"),
    ],
)
def test_a_space_for_other_data_names_the_datasets_that_it_is_for(space, wanted):
    with pytest.raises(ConfigError, match=f"^dataset: {wanted}"):
        completed(f"search_space={space}")


def test_epochs_suit_the_batches_that_are_given():
    assert completed("dataset.limit=200", "dataset.batch_size=80").trainer.max_epochs == 90


def test_an_open_batch_size_stays_open():
    config = completed("dataset.batch_size={_choice_:[8,16]}")
    assert "_choice_" in config.dataset.batch_size
    assert config.trainer.max_epochs == LEAST_EPOCHS


def test_a_number_of_steps_leaves_the_epochs_to_lightning():
    assert completed("+trainer.max_steps=40").trainer.max_epochs is None


def test_where_nothing_is_trained_no_images_are_asked_for():
    with composed(["dataset=image_folder", "dataset.root=nowhere"]) as config:
        complete(config, resolved(config), builds=False)
    assert config.trainer.max_epochs == LEAST_EPOCHS
