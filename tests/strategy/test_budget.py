"""What ends a search, whatever the strategy."""

from collections import deque
from dataclasses import replace

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objective, Objectives
from nas_hydra.strategy import budget
from nas_hydra.strategy.base import Decorator
from nas_hydra.strategy.budget import Budgeted
from nas_hydra.testing.strategy import hilly, outcome, small_space, varied_space
from nas_hydra.trial import GAIN, Fidelity, Trial
from strategy.strategies import maker

ONE = Objectives((Objective("value", "maximize"),))
TWO = Objectives((*ONE, Objective("other", "minimize")))


def driven(strategy, measure=hilly, ahead=1, most=100, ready=lambda: None) -> list[Trial]:
    """As ``simulate``, each trial with the epochs that it was planned for."""
    told, pending = [], deque()
    for number in range(most):
        while True:
            ready()
            full = len(pending) >= ahead
            rng = numpy.random.default_rng((0, number))
            proposal = None if full else strategy.ask(number, rng)
            if proposal is not None or not pending:
                break
            told.append(pending.popleft())
            strategy.tell(told[-1])
        if proposal is None:
            break
        made = outcome(proposal, measure(proposal.genotype))
        pending.append(replace(made, epochs=proposal.fidelity.epochs or 4, seconds=2.0))
    for one in pending:
        told.append(one)
        strategy.tell(one)
    return told


def budgeted(space=None, name="random", within=None, **limits) -> Budgeted:
    strategy = maker(name)(space or varied_space(), ONE, 0)
    return Budgeted(within(strategy) if within else strategy, ONE, limits, whole=4)


class Short(Decorator):
    """Every second proposal is trained for one epoch."""

    def ask(self, number, rng):
        proposal = self.strategy.ask(number, rng)
        short = proposal and number % 2
        return replace(proposal, fidelity=Fidelity(1)) if short else proposal


class Gaining(Decorator):
    """Says what it expects to gain: less and less."""

    foresees = True

    def __init__(self, strategy):
        super().__init__(strategy)
        self.foresees = True

    def ask(self, number, rng):
        return self.strategy.ask(number, rng).with_facts({GAIN: 1 / (number + 1)})


@pytest.mark.parametrize("ahead", [1, 3])
def test_trials(ahead):
    found = budgeted(trials=7)
    assert len(driven(found, ahead=ahead)) == 7
    assert found.ended.by == "budget.trials"


@given(st.integers(1, 60), st.integers(1, 5))
def test_epochs_are_exceeded_by_one_training_at_most(epochs, ahead):
    found = budgeted(epochs=epochs, within=Short)
    trained = [trial.epochs for trial in driven(found, ahead=ahead)]
    assert epochs <= sum(trained) < epochs + 4
    assert found.ended.by == "budget.epochs"


def test_a_training_that_goes_on_costs_what_is_new():
    found = budgeted(epochs=5)
    first = found.ask(0, numpy.random.default_rng(0))
    found.tell(replace(outcome(first, 0.5), epochs=4))
    longer = replace(first, number=1, fidelity=Fidelity(5, continues=0))
    found.strategy.ask = lambda number, rng: longer
    assert found.ask(1, numpy.random.default_rng(1)) is longer
    assert found.ask(2, numpy.random.default_rng(2)) is None


def test_seconds_go_on_where_an_earlier_process_ended(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(budget, "perf_counter", lambda: clock[0])

    def later():
        clock[0] += 1

    first = budgeted(seconds=20)
    told = driven(first, ready=later, most=4)
    assert first.ended is None
    clock[0] = 9000.0
    again = budgeted(seconds=20)
    again.resume(told)
    both = driven(again, ready=later)
    assert both[:4] == told
    assert again.ended.by == "budget.seconds"
    clock[0] = 0.0
    whole = budgeted(seconds=20)
    assert abs(len(driven(whole, ready=later)) - len(both)) <= 1


def test_what_is_recorded_is_asked_again_whatever_the_clock_says(monkeypatch):
    told = driven(budgeted(seconds=1000), most=6)
    monkeypatch.setattr(budget, "perf_counter", lambda: 1e9)
    again = budgeted(seconds=1)
    again.resume(told)
    assert driven(again) == told
    assert again.ended.by == "budget.seconds"


@pytest.mark.parametrize("ahead", [1, 4])
def test_patience(ahead):
    found = budgeted(patience=5)
    told = driven(found, ahead=ahead)
    values = [trial.values["value"] for trial in told]
    best = values.index(max(values))
    assert 5 <= len(values) - 1 - best <= 5 + ahead - 1
    assert found.ended.by == "budget.patience"


def test_regret():
    found = budgeted(regret=0.1, within=Gaining)
    assert len(driven(found)) == 9
    assert found.ended.by == "budget.regret"
    assert "0.1" in found.ended.why


def test_regret_needs_one_objective_and_a_surrogate():
    for objectives, told in ((ONE, "strategy=surrogate_evolution"), (TWO, "several")):
        within = maker("random")(varied_space(), ONE, 0)
        with pytest.raises(ConfigError, match=f"budget.regret: .*{told}"):
            Budgeted(within, objectives, {"regret": 0.1})


def test_an_exhausted_space_ends_it_too():
    found = budgeted(small_space(), trials=100, epochs=1000)
    assert len(driven(found)) == 24
    assert found.ended.by == "exhausted"


def test_the_first_limit_that_is_reached_ends_it():
    found = budgeted(trials=30, epochs=20, patience=100)
    assert len(driven(found)) == 5
    assert found.ended.by == "budget.epochs"
