"""The benchmark's statistics, on numbers small enough to check by hand."""

import math

import numpy as np
import pytest
from efficiency.statistics import (
    holm,
    interquartile_mean,
    intervals,
    median,
    quantile,
    reached,
    regrets,
    reported,
    wilcoxon,
    within,
)

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


def test_the_interquartile_mean_leaves_out_a_quarter_at_each_end():
    assert interquartile_mean([1000, 1, 2, 3, 4, 5, 6, -1000]) == 3.5


def test_intervals_are_those_of_a_bootstrap_over_seeds():
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(0, 1, 100), np.full(100, 7.0), rng.normal(5, 3, 100)], axis=1)
    found = intervals(values)
    assert found == intervals(values)
    assert found[1] == (7, 7, 7)
    for column, interval in zip(values.T, found, strict=True):
        again = [interquartile_mean(rng.choice(column, 100)) for _ in range(4000)]
        assert interval.middle == pytest.approx(interquartile_mean(column))
        ends = np.quantile(again, (0.025, 0.975))
        assert interval.low == pytest.approx(ends[0], abs=0.15 * column.std() + 1e-9)
        assert interval.high == pytest.approx(ends[1], abs=0.15 * column.std() + 1e-9)


def test_one_seed_has_no_width():
    assert intervals([[3.0, 4.0]]) == [(3, 3, 3), (4, 4, 4)]


def test_wilcoxon_of_six_pairs_all_in_one_direction():
    ones, others = [1, 2, 3, 4, 5, 6], [11, 13, 15, 17, 19, 21]
    assert wilcoxon(ones, others) == pytest.approx(2 / 2**6)  # both signs, of 64 equally likely
    assert wilcoxon(ones, others) == wilcoxon(others, ones)
    assert wilcoxon(ones, ones) == 1


def test_holm_by_hand():
    # sorted 0.005, 0.011, 0.02, 0.04: times 4, 3, 2, 1, and never below the one before
    assert holm([0.011, 0.02, 0.005, 0.04]) == pytest.approx([0.033, 0.04, 0.02, 0.04])
    assert holm([0.6, 0.9]) == [1, 1]
    assert holm([0.03, 0.03]) == pytest.approx([0.06, 0.06])
    assert holm([]) == []
