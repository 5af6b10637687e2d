"""Whether another seed would rank the best candidates otherwise."""

from dataclasses import replace

import pytest
from numpy.random import default_rng

from explain.known import search
from nas_hydra.app.finished import open_explained
from nas_hydra.explain.metamodel import MetaModel
from nas_hydra.explain.rivals import robustness

RANDOM = ("strategy=random", "budget.trials=60")


def looked_at(folder):
    searched = open_explained(folder)
    return robustness(searched, MetaModel(searched))


def test_without_repeats_the_predictor_tells_the_noise(monkeypatch):
    found = looked_at(search(monkeypatch, *RANDOM))
    assert found.source == "predictor"
    assert 0 < found.winner_changes <= found.order_changes <= 1
    values = [one.value for one in found.contenders]
    assert values == sorted(values, reverse=True)
    assert sum(one.best for one in found.contenders) == pytest.approx(1)


def test_repeats_tell_it_where_there_are_some(monkeypatch):
    """Here each candidate is measured three times, with a noise of 0.5."""
    searched = open_explained(search(monkeypatch, *RANDOM, noise=0.0))
    rng = default_rng(0)

    def again(trial, number):
        proposal = replace(trial.proposal, number=number)
        values = {"acc": trial.values["acc"] + 0.5 * rng.standard_normal()}
        return replace(trial, proposal=proposal, values=values, metrics=values)

    numbers = range(3 * len(searched.trials))
    trials = [again(trial, n) for n, trial in zip(numbers, [*searched.trials] * 3, strict=True)]
    repeated = replace(searched, trials=trials)
    found = robustness(repeated, MetaModel(repeated))
    assert found.source == "repeats"
    assert found.noise == pytest.approx(0.5, abs=0.1)
    assert found.contenders[0].value == repeated.mean(repeated.winner.key)
    assert 0 < found.winner_changes < found.order_changes < 1
