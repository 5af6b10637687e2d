"""Numbers by their ranks: normal, in the same order, and the same wherever they are exported."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import quantile_transform

from nas_hydra.dataset.prepare.quantile import MOST, Quantile

FINITE = st.floats(-1e6, 1e6, width=32)


@given(st.lists(FINITE, min_size=1, max_size=300), st.lists(FINITE, min_size=2, max_size=20))
def test_the_order_of_numbers_is_kept(training, others):
    fitted = Quantile.of(np.array(training, np.float32)[:, None])
    found = fitted(torch.tensor(sorted(others))[:, None])[:, 0]
    assert torch.isfinite(found).all()
    assert (found.diff() >= -1e-5).all()


def test_real_measurements_become_normal_as_by_scikit_learn():
    numbers = load_breast_cancer().data.astype(np.float32)
    found = Quantile.of(numbers)(torch.from_numpy(numbers)).numpy()
    wanted = quantile_transform(numbers, n_quantiles=len(numbers), output_distribution="normal")
    assert np.corrcoef(found[:, 0], wanted[:, 0])[0, 1] > 0.99
    assert np.abs(found.mean(0)).max() < 0.1
    assert np.abs(found.std(0) - 1).max() < 0.15
    assert np.abs(found).max() < 3.5  # where scikit-learn has outliers of 5.2


def test_what_lies_beyond_the_training_is_as_its_ends():
    fitted = Quantile.of(np.arange(100, dtype=np.float32)[:, None])
    ends = fitted(torch.tensor([[-1e9], [0.0], [99.0], [1e9]]))[:, 0]
    assert ends[0] == ends[1] == -ends[2] == -ends[3]


def test_a_column_of_one_value_and_an_empty_one_give_0():
    numbers = np.array([[3, np.nan], [3, np.nan]], np.float32)
    torch.testing.assert_close(
        Quantile.of(numbers)(torch.tensor([[3.0, 1.0], [5.0, -1.0]])), torch.zeros(2, 2)
    )


def test_many_rows_have_as_many_knots_as_there_are():
    numbers = np.random.default_rng(0).normal(size=(MOST * 40, 1)).astype(np.float32)
    found = Quantile.of(numbers)(torch.from_numpy(numbers))[:, 0].numpy()
    assert np.abs(found - numbers[:, 0])[np.abs(numbers[:, 0]) < 2].max() < 0.1
