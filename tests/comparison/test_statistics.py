"""The statistics: against scipy, small cases by hand, and what they promise, by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nas_hydra.comparison.statistics import (
    a12,
    critical_difference,
    friedman,
    holm,
    interquartile_mean,
    intervals,
    least_p,
    least_runs,
    mann_whitney,
    runs_needed,
    wilcoxon,
)

SAMPLES = st.lists(st.integers(0, 9), min_size=2, max_size=9)


def test_the_interquartile_mean_leaves_out_a_quarter_at_each_end():
    assert interquartile_mean([1000, 1, 2, 3, 4, 5, 6, -1000]) == 3.5


def test_intervals_are_those_of_scipys_bootstrap():
    rng = np.random.default_rng(0)
    values = np.stack([rng.normal(0, 1, 40), rng.exponential(3, 40), np.full(40, 84.892)], axis=1)
    found = intervals(values)
    assert found == intervals(values)  # the same again: the generator is fixed
    assert found[2] == (84.892, 84.892, 84.892)
    ends = stats.bootstrap(
        (values[:, :2],),
        interquartile_mean,
        n_resamples=20_000,
        batch=1000,
        method="percentile",
        random_state=np.random.default_rng(1),  # ``rng`` from scipy 1.15
    ).confidence_interval
    for column in (0, 1):
        wide = ends.high[column] - ends.low[column]
        assert found[column].middle == pytest.approx(interquartile_mean(values[:, column]))
        assert found[column].low == pytest.approx(ends.low[column], abs=0.05 * wide)
        assert found[column].high == pytest.approx(ends.high[column], abs=0.05 * wide)


def test_one_seed_has_no_width_and_no_runs_no_interval():
    assert intervals([[3.0, 4.0]]) == [(3, 3, 3), (4, 4, 4)]
    assert intervals([]) == []


@pytest.mark.parametrize(("runs", "covered"), [(3, 0.75), (5, 0.90), (10, 0.93), (30, 0.94)])
def test_intervals_cover_the_truth_as_often_as_the_documentation_says(runs, covered):
    """A percentile bootstrap over few runs is too narrow; docs/comparing.md quotes these."""
    draws = np.random.default_rng(0).normal(5.0, 2.0, (runs, 5000))
    found = np.mean([one.low <= 5.0 <= one.high for one in intervals(draws)])
    assert found == pytest.approx(covered, abs=0.02)


def test_wilcoxon_of_six_pairs_all_in_one_direction():
    ones, others = [1, 2, 3, 4, 5, 6], [11, 13, 15, 17, 19, 21]
    assert wilcoxon(ones, others) == pytest.approx(2 / 2**6)  # both signs, of 64 equally likely
    assert wilcoxon(ones, others) == wilcoxon(others, ones)
    assert wilcoxon(ones, ones) == 1


def test_wilcoxon_with_ties_is_counted_out_by_hand():
    # three differences of size 1 have rank 2 each, and one of none is left out: with signs + + +
    # the sum is as extreme as in 2 of 8 cases; with + + - it is 4 or 2, as in all 8 of them
    assert wilcoxon([2, 2, 2, 5], [1, 1, 1, 5]) == pytest.approx(2 / 8)
    assert wilcoxon([2, 2, 1], [1, 1, 2]) == 1


def test_mann_whitney_by_hand():
    # all of one group below all of the other: 2 of the 20 ways to choose 3 of 6
    assert mann_whitney([1, 2, 3], [4, 5, 6]) == pytest.approx(2 / 20)
    assert mann_whitney([1, 1, 2], [2, 3, 3]) == pytest.approx(4 / 20)  # ties: 2 ways at each end
    assert mann_whitney([5, 5], [5, 5, 5]) == 1


def test_without_ties_the_tests_are_scipys():
    rng = np.random.default_rng(3)
    ones, others = rng.normal(0, 1, 30), rng.normal(0.5, 1, 30)
    assert wilcoxon(ones, others) == stats.wilcoxon(ones, others).pvalue
    assert mann_whitney(ones, others) == stats.mannwhitneyu(ones, others).pvalue


@pytest.mark.long
@pytest.mark.parametrize("runs", [6, 8, 20])
@pytest.mark.parametrize("test", [wilcoxon, mann_whitney])
@pytest.mark.parametrize("digits", [8, 1], ids=["continuous", "ties"])
def test_equal_groups_are_told_apart_no_more_often_than_the_level(runs, test, digits):
    draws = np.random.default_rng(runs).normal(0, 1, (200, 2, runs)).round(digits)
    wrong = sum(test(one, other) < 0.05 for one, other in draws)
    assert wrong <= stats.binom.ppf(0.999, len(draws), 0.05)


@given(SAMPLES, SAMPLES)
def test_the_laws_of_a12_and_of_the_tests(ones, others):
    assert a12(ones, others) == pytest.approx(1 - a12(others, ones))
    assert 0 <= a12(ones, others) <= 1
    pairs = [(one > other) + (one == other) / 2 for one in ones for other in others]
    assert a12(ones, others) == pytest.approx(np.mean(pairs))
    for p in (mann_whitney(ones, others), wilcoxon(ones[:2], others[:2])):
        assert 0 < p <= 1


def test_holm_by_hand():
    # sorted 0.005, 0.011, 0.02, 0.04: times 4, 3, 2, 1, and never below the one before
    assert holm([0.011, 0.02, 0.005, 0.04]) == pytest.approx([0.033, 0.04, 0.02, 0.04])
    assert holm([0.6, 0.9]) == [1, 1]
    assert holm([0.03, 0.03]) == pytest.approx([0.06, 0.06])
    assert holm([]) == []


def test_the_least_p_that_runs_can_give():
    assert least_p(True, 5, 5) == 0.0625
    assert least_p(True, 6, 6) == wilcoxon(range(6), range(10, 22, 2)) == 0.03125
    assert least_p(False, 3, 3) == pytest.approx(mann_whitney([1, 2, 3], [4, 5, 6]))
    assert least_p(True, 1, 1) == 1
    assert [least_runs(True, tests) for tests in (1, 3, 10)] == [6, 7, 9]
    assert [least_runs(False, tests) for tests in (1, 3)] == [4, 5]


def test_noethers_number_of_runs():
    # (1.96 + 0.8416)^2 = 7.849; in all 7.849 / (12 / 4 (A - 1/2)^2), half of it in each group
    assert runs_needed(0.7, 1) == math.ceil(7.849 / (3 * 0.04) / 2) == 33
    assert runs_needed(0.3, 1) == 33
    assert runs_needed(0.5, 1) == math.inf
    assert runs_needed(0.7, 3) > 33


def test_so_many_runs_tell_the_effect_apart_four_times_in_five():
    shift = stats.norm.ppf(0.7) * math.sqrt(2)  # of two normal variables with A12 = 0.7
    rng = np.random.default_rng(5)
    draws = [(rng.normal(shift, 1, 33), rng.normal(0, 1, 33)) for _ in range(400)]
    power = np.mean([mann_whitney(one, other) < 0.05 for one, other in draws])
    assert power == pytest.approx(0.8, abs=0.06)


def test_friedman_is_scipys_and_with_two_groups_the_sign_test():
    table = np.random.default_rng(0).normal(0, 1, (3, 8))
    assert friedman(table) == stats.friedmanchisquare(*table).pvalue
    assert friedman([[1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5]]) == pytest.approx(2 / 2**6)
    assert friedman([[1, 1], [1, 1]]) == friedman([[1, 1]] * 3) == 1


def test_the_critical_difference_is_demsars():
    # Demsar 2006, section 3.2.2: four classifiers on 14 data sets, 2.569 sqrt(4 5 / (6 14))
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.005)
