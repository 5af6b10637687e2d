"""Every strategy proposes what it always did; ``golden.py`` says how that is written."""

import pytest

from strategy.golden import SEARCHES, read, trajectory


@pytest.mark.parametrize("name", SEARCHES)
def test_a_strategy_proposes_what_it_always_did(name):
    assert trajectory(name) == read(name)
