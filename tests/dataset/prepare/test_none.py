"""Inputs as they are: nothing is looked at, and nothing changed."""

import torch

from dataset.common import COMMON
from nas_hydra.dataset.digits import Digits
from nas_hydra.dataset.prepare.none import NoPreparation


def test_images_without_preparation_are_as_the_source_gives_them():
    data = Digits(
        **{**COMMON, "input_shape": (1, 8, 8), "holdout": 0.2, "prepare": NoPreparation()}
    ).at("final")
    source = data.open("test")
    places = torch.arange(len(data.test))
    assert torch.equal(data.test[places][0], source[places])
    assert data != Digits(**{**COMMON, "input_shape": (1, 8, 8), "holdout": 0.2}).at("final")


def test_nothing_is_read_to_fit_nothing():
    given = {"ids": torch.arange(3)}
    assert NoPreparation().fit(iter(())).forward(given) is given
