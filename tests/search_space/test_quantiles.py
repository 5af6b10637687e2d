"""The decision at a share of what a gene allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.search_space import Categorical, Integer, Real

GENES = [
    Categorical("c", ("a", None, 3)),
    Integer("i", 0, 9, 3),
    Integer("l", 1, 64, log=True),
    Real("g", 0.1, 0.7, 0.1),
    Real("r", -1.0, 2.0),
    Real("s", 1e-4, 1.0, log=True),
]


@pytest.mark.parametrize("gene", GENES, ids=lambda gene: gene.name)
@given(share=st.floats(0, 1, exclude_max=True))
def test_every_share_is_allowed(gene, share):
    assert gene.at(share) in gene


def test_equal_shares_are_equally_many_labels():
    gene = GENES[0]
    assert [gene.at((i + 0.5) / 6) for i in range(6)] == ["a", "a", None, None, 3, 3]


def test_a_logarithmic_range_is_shared_by_its_logarithm():
    assert GENES[5].at(0.5) == pytest.approx(1e-2)
    assert GENES[4].at(0.5) == pytest.approx(0.5)
