"""While something is built, the generators are seeded."""

import random

import numpy as np
import pytest
import torch

from nas_hydra.evaluator.base import seeded


def drawn() -> list[float]:
    return [torch.rand(1).item(), np.random.random(), random.random()]


def test_all_generators_are_seeded_for_a_while_and_put_back():
    with seeded(3):
        first = drawn()
    states = np.random.get_state()[1].copy(), random.getstate(), torch.get_rng_state()
    with pytest.raises(ValueError, match="broken"), seeded(3):  # noqa: PT012
        assert drawn() == first
        raise ValueError("broken")
    assert np.array_equal(np.random.get_state()[1], states[0])
    assert random.getstate() == states[1]
    assert torch.equal(torch.get_rng_state(), states[2])
    with seeded(4):
        assert not set(drawn()) & set(first)
