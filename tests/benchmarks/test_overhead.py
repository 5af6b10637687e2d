"""What a search costs beside its evaluations."""

import pytest
from overhead import apart, report, typed, write_table


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    file = tmp_path_factory.mktemp("table") / "cells.csv"
    write_table(file)
    return file


@pytest.mark.long
def test_trials_cost_neither_memory_nor_more_and_more_time(table):
    found = apart(table, "regularized_evolution", 3000)
    assert found.trials == 3000
    assert found.cpu < 15  # 2.5 s on an idle core
    assert found.growth < 10  # MiB; a trial is held in one or two KiB
    assert found.proposal[2000] < 20 * found.proposal[300]
    assert "| regularized_evolution | 3,000 |" in report([found], 2.0)


def test_a_strategy_may_have_settings(table):
    assert typed(table, "evolution strategy.population_size=7", 3)[-2:] == [
        "strategy=evolution",
        "strategy.population_size=7",
    ]
