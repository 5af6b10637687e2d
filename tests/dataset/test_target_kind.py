"""What a target is taken for where nobody says it."""

import pytest

from nas_hydra.dataset.target_kind import are_classes


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [(range(20), True), (range(21), False), ([1.0, 2.0] * 50, True), ([0.5, 1.0], False)],
)
def test_few_whole_numbers_are_classes(numbers, wanted):
    assert are_classes(list(numbers)) is wanted
