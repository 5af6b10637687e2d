"""Embeddings of columns."""

import hypothesis.strategies as st
import torch
from hypothesis import given, settings

from nas_hydra.model.embedding import (
    CategoryEmbedding,
    LinearEmbedding,
    OneHot,
    PeriodicEmbedding,
    PiecewiseLinearEmbedding,
)


def test_every_column_has_weights_of_its_own():
    numbers = torch.full((2, 3), 0.7)
    for embedding in (
        LinearEmbedding(3, 8, relu=False),
        PeriodicEmbedding(3, 8, relu=False),
        PiecewiseLinearEmbedding(3, 8, relu=False),
    ):
        vectors = embedding(numbers)
        assert vectors.shape == (2, 3, 8)
        assert not torch.allclose(vectors[:, 0], vectors[:, 1])
        assert torch.equal(vectors[0], vectors[1])


def test_a_linear_embedding_is_the_number_times_a_vector():
    embedding = LinearEmbedding(1, 4, relu=False)
    zero, one, two = embedding(torch.tensor([[0.0], [1.0], [2.0]]))
    assert torch.allclose(two - one, one - zero)
    assert (LinearEmbedding(1, 64)(torch.randn(9, 1)) >= 0).all()


def test_a_periodic_embedding_repeats():
    embedding = PeriodicEmbedding(1, 4, frequencies=1)
    period = 1 / embedding.frequencies.item()
    numbers = torch.tensor([[0.3]])
    assert torch.allclose(embedding(numbers), embedding(numbers + period), atol=1e-4)
    assert PeriodicEmbedding(50, 4, sigma=10).frequencies.std() > 5


def test_bins_hold_equally_many_rows_of_a_standard_normal():
    edges = PiecewiseLinearEmbedding(1, 4, bins=8).edges[1:-1]
    counts = torch.bucketize(torch.randn(80_000), edges).bincount()
    assert (counts - 10_000).abs().max() < 500


@settings(deadline=None)
@given(st.floats(-6, 6, width=32), st.floats(-6, 6, width=32), st.integers(2, 40))
def test_a_larger_number_is_further_through_the_bins(one, other, bins):
    low, high = sorted([one, other])
    encoded = PiecewiseLinearEmbedding(1, 4, bins).encoded(torch.tensor([[low], [high]]))
    assert encoded.shape == (2, 1, bins)
    assert (encoded[1] >= encoded[0] - 1e-5).all()
    if high - low > 1e-3:
        assert encoded[1].sum() > encoded[0].sum()  # also beyond the outermost edges


def test_categories_of_different_columns_are_different():
    vectors = CategoryEmbedding([3, 2], 4)(torch.tensor([[1, 1], [2, 1]]))
    assert vectors.shape == (2, 2, 4)
    assert not torch.allclose(vectors[0, 0], vectors[0, 1])
    assert torch.equal(vectors[0, 1], vectors[1, 1])


def test_one_hot_has_a_place_for_each_category():
    assert OneHot([3, 2])(torch.tensor([[2, 0], [0, 1]])).tolist() == [
        [0, 0, 1, 1, 0],
        [1, 0, 0, 0, 1],
    ]
