"""Explanations of a search whose truth is known."""

import math
from dataclasses import replace

import pytest

from explain.known import BEST, search, truth
from isolation import isolated
from nas_hydra.explain import explain
from nas_hydra.explain.sentences import summary


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with isolated(tmp_path_factory.mktemp("known")) as patch:
        return explain(search(patch, "strategy=regularized_evolution", "budget.trials=150"))


def test_main_effects_and_the_interaction_are_found(found):
    """Although the search took what is good nearly always, and so hides that it matters."""
    order = [one.genes[0] for one in found.importances]
    assert order[:2] == ["strong", "weak"]
    shares = {one.genes[0]: one for one in found.importances}
    # of a variance of 18.8 for strong, 2.8 for weak and 8 for the pair
    assert shares["strong"].low < 18.8 / 29.6 < shares["strong"].high
    assert shares["strong"].low > max(shares[name].high for name in ("left", "right", "idle"))
    assert shares["idle"].share < 0.05
    pair, *others = found.interactions
    assert set(pair.genes) == {"left", "right"}
    assert pair.low > max(one.share for one in others)
    assert set(found.surfaces[0].genes) == {"left", "right"}
    values = found.surfaces[0].values
    assert all(values[at][at] == max(values[at]) for at in range(3))


def test_partial_dependence_ranks_the_decisions(found):
    effects = {one.gene: one.levels for one in found.effects}
    strong = {level.decision: level.value for level in effects["strong"]}
    assert max(strong, key=strong.get) == "c"
    assert min(strong, key=strong.get) == "a"
    weak = [level.value for level in effects["weak"]]
    assert weak == sorted(weak)
    assert all(level.low <= level.value <= level.high for level in effects["weak"])


def test_the_way_to_the_winner_is_that_of_the_truth(found):
    winner = found.winner.genotype
    assert {name: winner[name] for name in BEST} == BEST
    assert winner["left"] == winner["right"]
    last = found.ablation.start
    for step in found.ablation.steps:
        changed = {k for k in winner if last.genotype[k] != step.candidate.genotype[k]}
        assert changed == {step.gene}
        real = truth(**step.candidate.genotype) - truth(**last.genotype)
        assert step.difference == pytest.approx(real, abs=4)
        last = step.candidate
    assert last.genotype == winner
    assert last.source == "measured"


def test_the_idle_decision_has_neighbours_that_are_as_good(found):
    idle = [one for one in found.neighbours if set(one.changed) == {"idle"}]
    assert idle
    assert not [one for one in found.neighbours if "strong" in one.changed]
    assert all(one.difference >= -found.tolerance for one in found.neighbours)


def test_the_summary_names_what_matters(found):
    text = " ".join(found.summary)
    assert "What matters most for acc over the whole space: strong" in text
    assert "left and right are best decided together" in text
    assert "The predictor can be followed" in text
    doubtful = " ".join(summary(replace(found, agreement=0.1)))
    assert "nothing here that is predicted should be relied on" in doubtful


def test_a_loss_is_explained_the_other_way_round(monkeypatch):
    overrides = ("evaluator.value=loss", "+objective.loss=minimize", "strategy=random")
    found = explain(search(monkeypatch, *overrides, "budget.trials=100"))
    strong = next(one for one in found.effects if one.gene == "strong")
    values = {level.decision: level.value for level in strong.levels}
    assert min(values, key=values.get) == "c"
    assert all(level.low <= level.value <= level.high for level in strong.levels)
    assert sum(step.difference for step in found.ablation.steps) < 0
    assert all(one.difference <= found.tolerance for one in found.neighbours)
    assert math.isclose(sum(one.best for one in found.robustness.contenders), 1)
