"""The benchmark's loop proposes what a search proposes, and counts evaluations rightly."""

import math
from dataclasses import dataclass, field

import pytest
from efficiency.config import composed, settings, space_of, strategy_of
from efficiency.loop import PROPOSALS, Improvement, Loop
from efficiency.task import Measured, column, table_file

from nas_hydra.app.assemble import assemble
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.trial import Proposal


@pytest.fixture
def table():
    file = table_file()
    if not file.exists():
        pytest.skip(f"needs {file}; NAS_HYDRA_SHARED says where the folder is")
    return file


@dataclass
class Worth:
    """A task in which the key is the value."""

    optimum: float = math.inf
    space: SearchSpace = field(default_factory=lambda: space_of("search_space=nasbench201"))
    measured: list[str] = field(default_factory=list)

    def measure(self, genotype):
        self.measured.append(genotype.key)
        return Measured(float(genotype.key), -float(genotype.key))


class Scripted:
    """Proposes the given values in turn, once more told than ``least``; None is: not yet."""

    def __init__(self, *values, waits=()):
        self.values, self.waits = values, dict.fromkeys(waits)
        self.asked: list[tuple[int, int]] = []  # number, how many were told
        self.told: list[float] = []

    def ask(self, number, rng):
        self.asked.append((number, len(self.told)))
        if number in self.waits and len(self.told) < number:
            return None
        if number >= len(self.values):
            return None
        return Proposal(number, Genotype({}, str(self.values[number])), "script")

    def tell(self, trial):
        self.told.append(trial.values["value"])


def searched(strategy, task=None, pending=1, budget=300, seed=0):
    loop = Loop(strategy, task or Worth(), seed, pending, budget)
    loop()
    return loop


@pytest.mark.parametrize("pending", [1, 3])
def test_asks_when_exactly_so_many_are_told(pending):
    strategy = Scripted(*range(6))
    loop = searched(strategy, pending=pending, budget=6)
    assert strategy.asked == [(n, max(0, n - pending + 1)) for n in range(6)]
    assert strategy.told == [0, 1, 2, 3, 4, 5]
    assert loop.improvements == [Improvement(n + 1, n, -n) for n in range(6)]


def test_none_waits_for_what_is_pending_and_then_ends():
    strategy = Scripted(1, 2, 3, 4, waits=[2])
    loop = searched(strategy, pending=4)
    assert strategy.told == [1, 2, 3, 4]
    assert loop.evaluations == 4
    assert (2, 0) in strategy.asked
    assert (2, 2) in strategy.asked


def test_what_was_told_costs_no_evaluation():
    strategy, task = Scripted(5, 5, 7, 5, 9, 11), Worth()
    loop = searched(strategy, task, budget=3)
    assert task.measured == ["5", "7", "9"]
    assert strategy.told == [5, 5, 7, 5, 9]
    assert loop.improvements == [(1, 5, -5), (2, 7, -7), (3, 9, -9)]
    assert len(loop.moments) == 5


def test_what_is_pending_is_evaluated_again():
    loop = searched(Scripted(5, 5, 5), pending=2, budget=9)
    assert loop.evaluations == 2  # the third was told by then


def test_a_strategy_that_repeats_itself_is_ended():
    loop = searched(Scripted(*[1] * 1000), budget=4)
    assert (loop.evaluations, len(loop.moments)) == (1, 4 * PROPOSALS)


@pytest.mark.parametrize("pending", [1, 4])
def test_ends_at_the_optimum(pending):
    strategy = Scripted(3, 8, 6, 9, 10, 11, 12, 13, 14)
    loop = searched(strategy, Worth(optimum=9), pending=pending)
    assert loop.improvements[-1] == Improvement(4, 9, -9)
    assert strategy.told == [3, 8, 6, 9]
    assert loop.evaluations <= 4 + pending - 1


@pytest.mark.parametrize("pending", [1, 8])
@pytest.mark.parametrize(
    "strategy", ["regularized_evolution", pytest.param("tpe", marks=pytest.mark.long)]
)
def test_the_curve_is_that_of_the_real_search(table, tmp_path, strategy, pending):
    task, trials, seed = column("cifar10_val_12"), 60, 3
    made = strategy_of(settings(strategy, seed, pending, trials), task.space)
    loop = searched(made, task, pending, trials, seed)
    tabular = (f"evaluator.table={table}", "evaluator.value=cifar10_val_12")
    search = (f"strategy={strategy}", f"seed={seed}", f"budget.trials={trials}")
    where = (f"folder={tmp_path}", "name=run", "record=memory", "tracker=none")
    report = "evaluator.report=[cifar10_test_200]"
    config = composed(
        *("search_space=nasbench201", "evaluator=tabular", *tabular, report),
        *(*search, *where, f"engine.ahead={pending}"),
    )
    choices = {"strategy": strategy, "search_space": "nasbench201", "dataset": "none"}
    real = assemble(config, choices, "group", "command")
    real()
    assert [trial.duplicate_of for trial in real.told] == [None] * trials
    assert loop.improvements == improvements(real.told)


def improvements(told):
    found = []
    for trial in told:
        value, reported = (trial.metrics[name] for name in ("cifar10_val_12", "cifar10_test_200"))
        if not found or value > found[-1].value:
            found.append(Improvement(trial.number + 1, value, reported))
    return found
