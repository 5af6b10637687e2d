import math
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy
import optuna
import pytest
from omegaconf import OmegaConf
from optuna.trial import TrialState

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Limit, Objective, Objectives
from nas_hydra.search_space import SearchSpace, every
from nas_hydra.strategy.optuna import OptunaStrategy, breach, parameter, suggest
from nas_hydra.testing.strategy import (
    PARTS,
    constrained_space,
    outcome,
    simulate,
    small_space,
    smooth,
    trajectory,
    varied_space,
)
from nas_hydra.trial import Proposal, Trial
from strategy.strategies import maker
from strategy.test_evolution import Driven, grid_space, hill

VALUE = Objectives((Objective("value", "maximize"),))
SHARED = {
    "_repeat_": "${model.n}",
    "_share_": True,
    "_block_": {"_float_": {"low": 0, "high": 1}},
}
TESTS = Path(__file__).parents[1]
SCRIPT = """
from strategy.strategies import maker
from nas_hydra.testing.strategy import *
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


@pytest.mark.long
def test_processes_agree_and_optuna_keeps_quiet():
    first, second = run("1"), run("2")
    assert first.stdout == second.stdout
    assert first.stderr == ""


@pytest.mark.parametrize("sampler", ["RandomSampler", "QMCSampler"])
def test_any_sampler_will_do(sampler):
    def make(space, objectives, seed):
        return OptunaStrategy(space, objectives, seed, getattr(optuna.samplers, sampler))

    first, again = (simulate(make, varied_space(), smooth, 20) for _ in range(2))
    assert trajectory(first) == trajectory(again)


def test_a_sampler_does_not_end_the_search():
    def make(space, objectives, seed):
        return OptunaStrategy(space, objectives, seed, optuna.samplers.BruteForceSampler)

    assert len({trial.key for trial in simulate(make, small_space(), smooth, 40)}) == 24


@pytest.mark.long
def test_tpe_finds_the_best_sooner_than_chance():
    space = grid_space(genes=4, values=6)

    def mean(name):
        trials = [t for seed in range(3) for t in simulate(maker(name), space, hill, 60, seed=seed)]
        return sum(trial.values["value"] for trial in trials) / len(trials)

    assert mean("tpe") > mean("random_optuna") + 2


def test_a_duplicate_costs_no_trial_and_is_told_with_its_known_value():
    driven = Driven(maker("tpe"), small_space(), smooth)
    for _ in range(20):
        driven.ask()
        driven.tell()
    told = driven.strategy._study.get_trials()
    assert len(told) > 20
    values = {}
    for trial in told:
        values.setdefault(tuple(trial.params.values()), set()).add(trial.value)
    assert len(values) == 20
    assert all(len(known) == 1 for known in values.values())


def test_the_like_of_a_pending_candidate_is_told_along_with_it():
    driven = Driven(maker("tpe"), small_space(), smooth)
    for _ in range(20):
        driven.ask()
    running = [t for t in driven.strategy._study.get_trials() if t.state == TrialState.RUNNING]
    assert len(running) > 20
    while driven.pending:
        driven.tell()
    assert {t.state for t in driven.strategy._study.get_trials()} == {TrialState.COMPLETE}


def test_what_it_did_not_propose_is_told_to_the_sampler_and_not_proposed():
    driven = Driven(maker("tpe"), small_space(), smooth)
    given = list(every(small_space()))[:14]
    for number, genotype in enumerate(given):
        driven.strategy.tell(outcome(Proposal(number, genotype, "initial"), smooth(genotype)))
    told = driven.strategy._study.get_trials()
    assert [dict(trial.params) for trial in told] == [dict(genotype) for genotype in given]
    assert [trial.value for trial in told] == [smooth(genotype) for genotype in given]
    proposals = [driven.ask() for _ in range(11)]
    assert proposals[-1] is None
    keys = {one.genotype.key for one in [*proposals[:-1], *map(outcome_of, given)]}
    assert len(keys) == 24


def outcome_of(genotype):
    return Proposal(0, genotype, "initial")


def test_pruned_trials_are_told_as_pruned():
    space = small_space()
    strategy = maker("tpe")(space, VALUE, 0)
    for number in range(15):
        strategy.tell(Trial(strategy.ask(number, numpy.random.default_rng(number)), "pruned"))


LIMITED = Objectives(
    (Objective("value", "maximize"), Objective("params", "minimize")),
    (Limit("params", at_most=5), Limit("delay", at_least=2.0, at_most=4.0)),
)


@pytest.mark.parametrize("name", ["tpe", "nsgaii_optuna", "gp", "random_optuna"])
def test_several_objectives_and_limits_go_to_the_sampler(name):
    few = {"sampler": {"n_startup_trials": 10}} if name == "gp" else {}
    strategy = maker(name, **few)(small_space(), LIMITED, 0)
    for number in range(10):
        proposal = strategy.ask(number, numpy.random.default_rng(number))
        metrics = {"value": 1.0, "params": float(number), "delay": 3.0}
        values = {"value": 1.0, "params": float(number)}
        strategy.tell(Trial(proposal, "complete", values, metrics))
    told = [t for t in strategy._study.get_trials() if t.values == [1.0, 7.0]]
    assert told[0].constraints == {"params": pytest.approx(0.4), "delay": pytest.approx(-0.25)}


@pytest.mark.parametrize("name", ["tpe", "nsgaii_optuna"])
def test_samplers_heed_the_limits(name):
    """Among candidates that are all as good, those within the limit are proposed more often."""
    space = grid_space(genes=3, values=8)
    limited = Objectives(VALUE.optimised, (Limit("sum", at_most=6),))
    strategy = maker(name)(space, limited, 0)
    within = []
    for number in range(80):
        proposal = strategy.ask(number, numpy.random.default_rng(number))
        metrics = {"value": 0.0, "sum": float(sum(proposal.genotype.values()))}
        strategy.tell(Trial(proposal, "complete", {"value": 0.0}, metrics))
        within.append(metrics["sum"] <= 6)
    assert sum(within[40:]) > sum(within[:20]) * 2 + 5


def test_a_limited_metric_that_is_no_number_is_told_as_a_failure():
    limited = Objectives(VALUE.optimised, (Limit("size", at_most=6),))
    strategy = maker("gp", sampler={"n_startup_trials": 2})(small_space(), limited, 0)
    for number in range(5):
        proposal = strategy.ask(number, numpy.random.default_rng(number))
        size = math.nan if number % 2 else 3.0
        strategy.tell(Trial(proposal, "complete", {"value": number}, {"size": size}))
    told = strategy._study.get_trials()
    assert {trial.value for trial in told if trial.state == TrialState.COMPLETE} == {0, 2, 4}
    assert {trial.value for trial in told if trial.state == TrialState.FAIL} == {None}


@pytest.mark.parametrize(
    ("limit", "value", "expected"),
    [
        (Limit("a", at_most=10), 12, 0.2),
        (Limit("a", at_most=10), 9, -0.1),
        (Limit("a", at_most=10), 10, 0.0),
        (Limit("a", at_least=4), 2, 0.5),
        (Limit("a", at_least=4), 5, -0.25),
        (Limit("a", at_least=4, at_most=10), 9, -0.1),
        (Limit("a", at_most=0), -3, -3),
    ],
)
def test_a_breach_is_signed(limit, value, expected):
    assert breach(limit, {"a": value}) == pytest.approx(expected)


def test_cmaes_searches_numbers():
    space = grid_space(genes=3, values=20)
    found = max(t.values["value"] for t in simulate(maker("cmaes"), space, hill, 80, ahead=3))
    assert found >= -3


def test_gp_repeats_itself():
    first, again = (simulate(maker("gp"), varied_space(), smooth, 13) for _ in range(2))
    assert trajectory(first) == trajectory(again)


@pytest.mark.parametrize(
    ("model", "gene"),
    [
        ({"a": {"_choice_": [1, 2]}, "b": {"_int_": {"low": 1, "high": 2}}}, "model.a"),
        (
            {
                "blocks": [
                    {
                        "_repeat_": {"_int_": {"low": 1, "high": 3}},
                        "_block_": {"_float_": {"low": 0, "high": 1}},
                    }
                ]
            },
            r"model.blocks.0\[1\]",
        ),
        ({"n": {"_int_": {"low": 0, "high": 1}}, "blocks": [SHARED]}, "model.blocks.0"),
    ],
)
def test_cmaes_names_the_gene_that_it_cannot_search(model, gene):
    space = SearchSpace(OmegaConf.create({"model": model}), PARTS)
    with pytest.raises(ConfigError, match=f"^{gene}: is .*such as strategy=tpe"):
        maker("cmaes")(space, VALUE, 0)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cmaes", None)
    with pytest.raises(ConfigError, match=r"needs the package cmaes; pip install 'nas-hydra\["):
        maker("cmaes")(grid_space(), VALUE, 0)


def test_a_seed_in_the_samplers_config_is_kept():
    one, other = (
        simulate(
            lambda space, objectives, seed, fixed=fixed: maker("tpe", **fixed)(
                space, objectives, seed
            ),
            varied_space(),
            smooth,
            5,
            seed=seed,
        )
        for fixed in [{"sampler": {"seed": 7}}]
        for seed in (0, 1)
    )
    assert trajectory(one) == trajectory(other)


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        (partial(optuna.samplers.PartialFixedSampler, {}), "takes no seed.*'TPESampler'"),
        (optuna.samplers.RandomSampler(seed=1), "needs _partial_: true"),
        (lambda seed: "no sampler", "makes a str, which is no sampler.*'TPESampler'"),
    ],
)
def test_what_is_no_sampler_is_refused(sampler, message):
    with pytest.raises(ConfigError, match=message):
        OptunaStrategy(small_space(), VALUE, 0, sampler)


def test_an_unknown_sampler_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="did you mean 'TPESampler'"):
        maker("optuna", sampler={"_target_": "optuna.samplers.TPESampelr"})(small_space(), VALUE, 0)


def test_any_sampler_can_be_named():
    make = maker("optuna", sampler={"_target_": "optuna.samplers.QMCSampler"})
    assert len(simulate(make, small_space(), smooth, 40)) == 24


def test_a_sampler_that_cannot_go_on_says_why():
    grid = partial(optuna.samplers.GridSampler, {"model.a": ["x"]})
    strategy = OptunaStrategy(small_space(), VALUE, 0, grid)
    with pytest.raises(ConfigError, match=r"strategy.sampler: GridSampler cannot go on: .*model.b"):
        strategy.ask(0, numpy.random.default_rng(0))


def test_what_is_refused_is_told_and_a_random_candidate_is_taken_at_last():
    space = constrained_space()
    strategy = maker("tpe")(space, VALUE, 1)
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
