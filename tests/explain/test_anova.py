"""The variance that arguments account for, where it can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.explain.importance import between, main_effect, pair_effect

REPEATS = 500


def levels(*counts: int) -> list[np.ndarray]:
    """Every combination of levels, equally often."""
    return [part.ravel() for part in np.indices((*counts, REPEATS))[:-1]]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=5), st.floats(0, 3))
def test_a_sum_has_main_effects_and_no_interaction(effects, slope):
    one, other = levels(len(effects), 3)
    scores = (np.array(effects)[one] + slope * other)[None]
    near = 0.01 * scores.var() + 1e-9  # what is taken off for chance, though there is none
    assert main_effect(one, scores)[0] == pytest.approx(np.var(effects), abs=near)
    assert main_effect(other, scores)[0] == pytest.approx(slope**2 * 2 / 3, abs=near)
    assert pair_effect(one, other, scores)[0] == pytest.approx(0, abs=near)


def test_what_two_do_together_is_no_main_effect():
    one, other = levels(2, 2)
    scores = (one == other).astype(float)[None]
    assert main_effect(one, scores)[0] == pytest.approx(0, abs=0.002)
    assert pair_effect(one, other, scores)[0] == pytest.approx(0.25, abs=0.01)


def test_chance_alone_explains_nothing():
    """Without the correction, 50 levels would explain 0.002 of pure noise."""
    (one,) = levels(50)
    noise = np.random.default_rng(1).standard_normal((200, len(one)))
    assert between(one, noise).mean() < 0.0005


def test_a_gene_counts_where_it_is_active():
    switch, inner = levels(2, 2)
    hidden = np.where(switch == 1, inner, -1)
    scores = np.where(hidden == 1, 2.0, 0.0)[None]
    assert main_effect(hidden, scores)[0] == pytest.approx(
        0.5, abs=0.01
    )  # half the time, a variance of 1
    assert pair_effect(hidden, np.full(len(hidden), -1), scores)[0] == 0


def test_levels_of_one_candidate_each_explain_nothing():
    assert between(np.arange(10), np.arange(10.0)[None])[0] == 0
