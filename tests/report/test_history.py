"""The search as it went, trial by trial."""

from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.report.history import WINDOW, History, Moment, diversity, population, window
from nas_hydra.run import Run
from nas_hydra.trial import Trial
from trials import TWO, complete, search, trials


def history(run: Run, told: list[Trial]) -> list[Moment]:
    follower, moments = History(run.objectives, window(run.config)), []
    for trial in told:
        follower.take(trial)
        moments.append(follower.moment)
    return moments


def test_moments_count_up(tmp_path):
    moments = history(search(tmp_path), trials())
    assert [moment.best.number for moment in moments] == [0, 0, 2, 2]
    assert [moment.failures for moment in moments] == [0, 1, 1, 1]
    assert [moment.duplicates for moment in moments] == [0, 0, 0, 1]
    assert [moment.epochs for moment in moments] == [2, 2, 4, 4]
    assert [moment.seconds for moment in moments] == [1.5, 1.5, 3.0, 3.0]


def test_while_nothing_is_complete_there_is_no_population(tmp_path):
    (moment,) = history(search(tmp_path), trials()[1:2])
    assert (moment.best, moment.population) == (None, None)


def test_the_population_is_as_large_as_the_strategys(tmp_path):
    run = search(tmp_path, config={"strategy": {"population_size": 2}})
    told = [complete(n, value, {"a": n}) for n, value in enumerate((0.1, 0.3, 0.5))]
    means = [moment.population.mean for moment in history(run, told)]
    assert means == pytest.approx([0.1, 0.2, 0.4])


def test_a_strategy_without_a_population_has_a_window():
    assert window({"strategy": {"_target_": "x"}}) == window({}) == WINDOW
    assert window({"strategy": {"population_size": 7}}) == 7


def test_spread_is_the_standard_deviation():
    found = population([complete(0, 0.2, {"a": 1}), complete(1, 0.6, {"a": 1})], "val_acc")
    assert (found.mean, found.spread) == (pytest.approx(0.4), pytest.approx(0.2))
    assert found.diversity == 0


def test_the_hypervolume_is_that_of_the_front(tmp_path):
    told = [
        complete(0, 0.5, {}, val_loss=3.0),
        complete(1, 0.75, {}, val_loss=5.0),
        complete(2, 0.25, {}, val_loss=1.0),
    ]
    moments = history(search(tmp_path, objectives=TWO), told)
    assert [moment.front for moment in moments] == [1, 2, 3]
    assert moments[2].hypervolume == pytest.approx(0.25 * 2)  # trial 1 and 2 are at the corners


GENES = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2))


@given(st.lists(GENES, min_size=2, max_size=8))
def test_diversity_is_the_share_of_pairs_that_differ(genotypes):
    members = [complete(n, 0.5, genes) for n, genes in enumerate(genotypes)]
    genes = {name for genotype in genotypes for name in genotype}
    pairs = list(combinations(genotypes, 2))
    differ = [fmean(one.get(name) != other.get(name) for one, other in pairs) for name in genes]
    assert diversity(members) == pytest.approx(fmean(differ) if differ else 0.0)


def test_one_member_has_no_diversity():
    assert diversity([complete(0, 0.5, {"a": 1})]) == 0
