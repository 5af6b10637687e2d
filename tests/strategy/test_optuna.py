import subprocess
import sys
from pathlib import Path

import numpy
import optuna
import pytest

from nas_hydra.objective import Objective
from nas_hydra.strategy.conformance import (
    constrained_space,
    simulate,
    small_space,
    smooth,
    trajectory,
    varied_space,
)
from nas_hydra.strategy.optuna import OptunaStrategy, parameter, suggest
from nas_hydra.trial import Trial
from strategy.strategies import maker

TESTS = Path(__file__).parents[1]
SCRIPT = """
from strategy.strategies import maker
from nas_hydra.strategy.conformance import *
for ahead in (1, 4):
    trials = simulate(maker("tpe"), varied_space(), smooth, 40, ahead=ahead)
    failing = simulate(maker("tpe"), varied_space(), lambda g: math.nan, 15, ahead=ahead)
    print([trial.key for trial in trials])
"""


def run(hash_seed):
    return subprocess.run(
        [sys.executable, "-W", "default", "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(TESTS)},
    )


def test_processes_agree_and_optuna_keeps_quiet():
    first, second = run("1"), run("2")
    assert first.stdout == second.stdout
    assert first.stderr == ""


@pytest.mark.parametrize("sampler", ["RandomSampler", "CmaEsSampler", "QMCSampler"])
def test_any_sampler_will_do(sampler):
    def make(space, objectives, seed):
        kind = getattr(optuna.samplers, sampler)
        return OptunaStrategy(space, objectives, kind(seed=seed))

    if sampler == "CmaEsSampler":
        pytest.importorskip("cmaes")
    first, again = (simulate(make, varied_space(), smooth, 20) for _ in range(2))
    assert trajectory(first) == trajectory(again)


def test_tpe_learns():
    space = small_space()
    late = simulate(maker("tpe"), space, smooth, 60)[30:]
    chance = simulate(maker("random"), space, smooth, 60)[30:]

    def mean(trials):
        return sum(trial.values["value"] for trial in trials) / len(trials)

    assert mean(late) > mean(chance) + 0.05


def test_pruned_trials_are_told_as_pruned():
    space = small_space()
    strategy = maker("tpe")(space, [Objective("value", "maximize")], 0)
    for number in range(15):
        strategy.tell(Trial(strategy.ask(number, None), "pruned"))


def test_several_objectives_go_to_the_sampler():
    both = [Objective("value", "maximize"), Objective("params", "minimize")]
    strategy = maker("tpe")(small_space(), both, 0)
    for number in range(15):
        proposal = strategy.ask(number, None)
        strategy.tell(Trial(proposal, "complete", {"value": 1.0, "params": float(number)}))


def test_what_is_refused_is_told_and_a_random_candidate_is_taken_at_last():
    space = constrained_space()
    strategy = maker("tpe")(space, [Objective("value", "maximize")], 0)
    proposals = []
    for number in range(12):
        proposals.append(strategy.ask(number, numpy.random.default_rng(number)))
        strategy.tell(Trial(proposals[-1], "complete", {"value": 1.0}))
    assert {proposal.origin for proposal in proposals} == {"sampler", "random"}
    told = strategy._study.get_trials()
    assert [dict(trial.params) for trial in told if trial.state.name == "COMPLETE"] == [
        dict(proposal.genotype) for proposal in proposals
    ]
    assert sum(trial.state.name == "FAIL" for trial in told) == len(told) - 12 > 12


def test_the_parameter_of_a_decision_suggests_it_again():
    space = varied_space()
    study = optuna.create_study()
    for seed in range(20):
        genotype = space.sample(numpy.random.default_rng(seed))
        genes = {name: space.places[name].gene for name in genotype}
        study.enqueue_trial({name: parameter(genes[name], genotype[name]) for name in genotype})
        trial = study.ask()
        assert {name: suggest(trial, genes[name]) for name in genotype} == dict(genotype)
