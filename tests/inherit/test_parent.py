"""Which trial a proposal inherits from."""

from dataclasses import replace

import pytest

from command import nas_hydra
from integration.cells import CELLS, write_cells
from nas_hydra.errors import ConfigError
from nas_hydra.inherit.parent import FromParent
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import needed_by
from nas_hydra.testing.strategy import simulate, small_space, smooth
from nas_hydra.trial import Evaluation, Fidelity, duplicate
from strategy.strategies import STRATEGIES
from trials import ONE, TWO, complete


class Given(Strategy):
    """Proposes what it is given, and is told."""

    def __init__(self, *proposals):
        self.proposals, self.told = [*proposals], []

    def ask(self, number, rng):
        return self.proposals.pop(0) if self.proposals else None

    def tell(self, trial):
        self.told.append(trial.number)


def child(number, *parents, **changes):
    return replace(complete(number, 0.5, {"child": number}, parents).proposal, **changes)


def after(*told, keep=2, asked=(), objectives=ONE):
    """The decorator when it was told of some trials."""
    strategy = FromParent(Given(*asked), objectives, keep)
    for trial in told:
        strategy.tell(trial)
    return strategy


def inherits(strategy, number=9):
    return strategy.ask(number, None).fidelity.inherits


FOUR = [complete(number, acc, {"w": number}) for number, acc in enumerate((0.5, 0.9, 0.2, 0.7))]


def test_the_best_so_many_are_kept_and_the_first_kept_parent_is_inherited_from():
    strategy = after(*FOUR, asked=[child(4, 0, 3, 1), child(5, 0), child(6)])
    assert strategy.needed == {1, 3} == needed_by(strategy)
    assert [inherits(strategy) for _ in range(3)] == [3, None, None]
    assert strategy.ask(7, None) is None
    assert strategy.strategy.told == [0, 1, 2, 3]


def test_what_has_no_weights_of_its_own_is_not_kept():
    first = FOUR[0]
    failed = replace(FOUR[1], state="failed", values={})
    again = duplicate(complete(4, 0.5, {"w": 0}).proposal, first)
    imported = replace(FOUR[3], source="trial 3 of another run")
    assert after(first, failed, again, imported, keep=9).needed == {0}


def test_a_promotion_inherits_nothing_and_takes_the_place_of_what_it_goes_on_with():
    promoted = complete(4, 0.95, {"w": 1}, (1,))
    promotion = replace(promoted.proposal, fidelity=Fidelity(epochs=3, continues=1))
    known = child(8, 1, known=Evaluation({"val_acc": 0.1}, 1))
    strategy = after(*FOUR, keep=9, asked=[promotion, known, child(9, 1, 4)])
    assert strategy.ask(4, None) == promotion
    strategy.tell(replace(promoted, proposal=promotion))
    assert strategy.needed == {0, 2, 3, 4}
    assert strategy.ask(8, None) == known
    assert inherits(strategy) == 4


def test_the_rest_of_a_fidelity_stays():
    strategy = after(*FOUR, asked=[child(4, 1, fidelity=Fidelity(epochs=2, of=6))])
    assert strategy.ask(4, None).fidelity == Fidelity(epochs=2, of=6, inherits=1)


def test_with_several_objectives_the_front_is_kept():
    values = [(0.9, 0.9), (0.1, 0.1), (0.1, 0.9), (0.5, 0.5)]
    told = [
        replace(one, values={"val_acc": acc, "val_loss": loss})
        for one, (acc, loss) in zip(FOUR, values, strict=True)
    ]
    assert after(*told, keep=3, objectives=TWO).needed == {0, 1, 3}


@pytest.mark.parametrize("name", ["evolution", "regularized_evolution", "local_search"])
def test_it_changes_no_candidate_and_names_only_parents_that_were_told(name):
    def made(space, objectives, seed):
        return FromParent(STRATEGIES[name](space, objectives, seed), objectives, 3)

    plain = simulate(STRATEGIES[name], small_space(), smooth, 20)
    trials = simulate(made, small_space(), smooth, 20)
    assert [one.key for one in trials] == [one.key for one in plain]
    heirs = [one.proposal for one in trials if one.proposal.fidelity.inherits is not None]
    assert heirs
    assert all(one.fidelity.inherits in one.parents for one in heirs)


def test_at_least_one_is_kept():
    with pytest.raises(ConfigError, match=r"inherit\.keep.*is 0"):
        FromParent(Given(), ONE, 0)


def test_without_weights_it_is_refused(monkeypatch, capsys, tmp_path):
    write_cells(tmp_path / "cells.csv")
    assert nas_hydra(monkeypatch, *CELLS, "strategy=evolution", "inherit=parent") == 2
    *_, message = capsys.readouterr().err.strip().splitlines()
    assert message.startswith("error: inherit: needs networks that are trained here")
    assert "TabularEvaluator, has no weights to hand on; take inherit=none" in message
