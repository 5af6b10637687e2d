"""The example: two rows as a network gets them, without anything being loaded."""

import pytest
import torch

from dataset.common import COMMON
from nas_hydra.dataset.digits import Digits


def test_the_example_of_images_has_their_size_and_opens_nothing(monkeypatch):
    monkeypatch.setattr(Digits, "open_all", lambda self: pytest.fail("images were opened"))
    data = Digits(**{**COMMON, "input_shape": (1, 8, 8), "holdout": 0.2})
    assert (data.example.inputs.shape, data.example.inputs.dtype) == ((2, 1, 8, 8), torch.float32)
    assert torch.equal(data.example.target, torch.zeros(2, dtype=torch.int64))


def test_the_example_is_of_the_kind_of_a_batch():
    data = Digits(**{**COMMON, "input_shape": (1, 8, 8), "holdout": 0.2})
    for part, wanted in zip(next(iter(data.train_batches(seed=0))), data.example, strict=True):
        assert (part.shape[1:], part.dtype) == (wanted.shape[1:], wanted.dtype)
