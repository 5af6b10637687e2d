"""The benchmark's statistics, on numbers small enough to check by hand."""

import math

import pytest
from efficiency.statistics import median, quantile, reached, regrets, reported, within

from benchmark_runs import run

INF = math.inf
RUN = run("any", "any", 0, (1, 10.0, 1.0), (4, 12.0, 3.0), (9, 15.0, 2.0))


def test_when_a_value_is_reached():
    assert [reached(RUN, value) for value in (9, 10, 10.5, 12, 15)] == [1, 1, 4, 4, 9]
    assert reached(RUN, 15.1) == INF


def test_what_is_reported_is_the_incumbents():
    assert [reported(RUN, n) for n in (1, 3, 4, 8, 9, 300)] == [1, 1, 3, 3, 2, 2]


def test_regrets_stay_until_the_next_improvement():
    assert regrets(RUN, 15.0, [1, 3, 4, 8, 9, 300]) == [5, 5, 3, 3, 0, 0]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([3, 1, 2], 2), ([4, 1, 2, 3], 2.5), ([1, INF], INF), ([1, 2, INF], 2), ([1, INF, INF], INF)],
)
def test_the_median_is_beyond_the_budget_if_most_are(numbers, expected):
    assert median(numbers) == expected


def test_nine_in_ten_are_within_the_quantile():
    numbers = list(range(1, 101))
    assert quantile(numbers, 0.9) == 90
    assert within(numbers, quantile(numbers, 0.9)) == 0.9
    assert quantile([*range(1, 10), INF], 0.9) == 9
    assert quantile([*range(1, 9), INF, INF], 0.9) == INF
    assert quantile([5], 0.9) == 5
