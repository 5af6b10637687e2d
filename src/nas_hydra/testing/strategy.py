"""What every strategy must do, as checks for whoever adds one.

Each check takes a ``Make`` and raises an AssertionError that says what is wrong::

    @pytest.mark.parametrize("check", CHECKS)
    def test_conformance(check):
        check(lambda space, objectives, seed: MyStrategy(space, objectives))
"""

import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy
from omegaconf import OmegaConf

from nas_hydra.objective import Direction, Objective, Objectives
from nas_hydra.search_space import Decision, Genotype, Hooks, SearchSpace, every
from nas_hydra.strategy.base import Strategy
from nas_hydra.trial import Proposal, Trial

Make = Callable[[SearchSpace, Objectives, int], Strategy]
"""Space, objectives and seed to a new strategy."""
Measure = Callable[[Genotype], float]
"""A candidate's value; not a number if its trial fails."""

PARTS = {"model": ("model",)}


def varied_space() -> SearchSpace:
    """Every kind of gene: mixed labels, grids, logarithms, conditions, repeated blocks."""
    block = {"kernel": {"_choice_": [3, 5, 7]}, "act": {"_choice_": ["relu", "gelu"]}}
    model = {
        "mixed": {"_choice_": [None, True, "text", 3, 2.5]},
        "width": {"_int_": {"low": 1, "high": 64, "log": True}},
        "depth": {"_int_": {"low": 1, "high": 9, "step": 2}},
        "drop": {"_float_": {"low": 0.1, "high": 0.7, "step": 0.1}},
        "rate": {"_float_": {"low": 1e-4, "high": 1.0, "log": True}},
        "pool": {"_choice_": ["none", {"size": {"_int_": {"low": 2, "high": 4}}}]},
        "blocks": [{"_repeat_": {"_int_": {"low": 0, "high": 3}}, "_block_": block}],
    }
    return SearchSpace(OmegaConf.create({"model": model}), PARTS)


def constrained_space() -> SearchSpace:
    """About one candidate in 20 is feasible."""
    block = {"kernel": {"_choice_": [3, 5, 7]}}
    model = {
        "width": {"_int_": {"low": 1, "high": 64}},
        "heads": {"_int_": {"low": 1, "high": 64}},
        "pool": {"_choice_": ["none", {"size": "${model.width}"}]},
        "blocks": [{"_repeat_": {"_int_": {"low": 0, "high": 3}}, "_block_": block}],
    }
    constraints = [{"number": "${model.width}", "divisor": "${model.heads}"}]
    config = {"model": model, "search_space": {"constraints": constraints}}
    return SearchSpace(OmegaConf.create(config), PARTS, Hooks(feasible=divides))


def divides(closed: Mapping[str, Any], constraints: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the divisors divide the numbers, and are above 1."""
    return all(one["divisor"] > 1 and one["number"] % one["divisor"] == 0 for one in constraints)


def small_space() -> SearchSpace:
    """24 candidates."""
    model = {
        "a": {"_choice_": ["x", "y", "z"]},
        "b": {"_int_": {"low": 0, "high": 3}},
        "c": {"_choice_": [False, True]},
    }
    return SearchSpace(OmegaConf.create({"model": model}), PARTS)


def single_space() -> SearchSpace:
    """One candidate."""
    return SearchSpace(OmegaConf.create({"model": {"a": 1}}), PARTS)


def simulate(
    make: Make,
    space: SearchSpace,
    measure: Measure,
    trials: int,
    *,
    seed: int = 0,
    ahead: int = 1,
    direction: Direction = "maximize",
) -> list[Trial]:
    """A search without evaluations: the trials in ask order, fewer if the strategy ends it.

    Args:
        make: gives the strategy.
        space: what it searches.
        measure: stands for the evaluation.
        trials: how many to ask for.
        seed: of the strategy and the proposals.
        ahead: proposal k is asked when trials 0 ... k - ahead are told, as in a search.
        direction: of the one objective, ``value``.
    """
    strategy = make(space, Objectives((Objective("value", direction),)), seed)
    asked: list[Trial] = []
    pending: deque[Trial] = deque()
    while len(asked) < trials:
        number = len(asked)
        proposal = None
        if len(pending) < ahead:
            proposal = strategy.ask(number, numpy.random.default_rng((seed, number)))
        if proposal is not None:
            asked.append(outcome(proposal, measure(proposal.genotype)))
            pending.append(asked[-1])
        elif pending:
            strategy.tell(pending.popleft())
        else:
            break
    while pending:
        strategy.tell(pending.popleft())
    return asked


def outcome(proposal: Proposal, value: float) -> Trial:
    """The trial of a proposal that measured ``value``; failed if that is not finite."""
    if not math.isfinite(value):
        return Trial(proposal, "failed", error="the value is not finite")
    return Trial(proposal, "complete", {"value": value}, {"value": value})


def smooth(genotype: Genotype) -> float:
    """A value between 0 and 1 that depends on every gene: high where numbers are high."""
    return sum(map(_worth, genotype.values())) / max(1, len(genotype))


def hilly(genotype: Genotype) -> float:
    """A value that the key alone decides: nothing can be learnt from it."""
    return int(genotype.key, 16) % 1009 / 1009


def _worth(decision: Decision) -> float:
    if isinstance(decision, bool | int | float):
        return 1.0 - math.exp(-abs(decision))
    return 0.2 if decision is None else len(decision) / 10


def trajectory(trials: Sequence[Trial]) -> list[tuple[int, str, str, tuple[int, ...]]]:
    """What makes two lists of trials the same."""
    return [(t.number, t.key, t.proposal.origin, t.proposal.parents) for t in trials]


def check_proposals(make: Make) -> None:
    """Proposals bear their numbers and are inside the space; parents are earlier trials."""
    space = varied_space()
    trials = simulate(make, space, smooth, 60)
    _check_length(trials, 60, space)
    for number, trial in enumerate(trials):
        proposal = trial.proposal
        assert proposal.number == number, f"proposal {proposal.number} answers ask({number})"
        assert proposal.origin, f"proposal {number} does not say where it came from"
        again = space.genotype(dict(proposal.genotype))
        assert again == proposal.genotype, f"proposal {number} has genes that are not active"
        assert again.key == proposal.genotype.key, f"proposal {number} has another's key"
        assert all(parent < number for parent in proposal.parents), f"parents of {number}"


def check_seed(make: Make) -> None:
    """One seed and one ``ahead`` give one list of trials; another seed gives another."""
    space = varied_space()
    for ahead in (1, 4):
        first, again = (simulate(make, space, hilly, 25, seed=7, ahead=ahead) for _ in range(2))
        assert trajectory(first) == trajectory(again), f"not reproducible with ahead={ahead}"
    other = simulate(make, space, hilly, 25, seed=8)
    assert trajectory(first) != trajectory(other), "the seed changes nothing"


def check_global_state(make: Make) -> None:
    """Nothing is drawn from the generators that all code shares."""
    space, found = varied_space(), []
    for shared in (1, 2):
        random.seed(shared)
        numpy.random.seed(shared)
        trials = simulate(make, space, smooth, 40)
        _check_length(trials, 40, space)
        found.append(trajectory(trials))
    assert found[0] == found[1], "global random state changes the proposals"
    expected = random.Random(2).random(), numpy.random.RandomState(2).random()
    assert (random.random(), numpy.random.random()) == expected, "global random state was used"


def check_failures(make: Make) -> None:
    """Some failures, or nothing but failures, end no search."""
    space = varied_space()
    for fails in (lambda g: int(g.key, 16) % 3 == 0, lambda g: True):
        for ahead in (1, 4):

            def measure(genotype: Genotype, fails: Callable[[Genotype], bool] = fails) -> float:
                return math.nan if fails(genotype) else smooth(genotype)

            _check_length(simulate(make, space, measure, 30, ahead=ahead), 30, space)


def check_pending(make: Make) -> None:
    """Any number of trials may be pending."""
    space = varied_space()
    for ahead in (2, 16, 100):
        _check_length(simulate(make, space, smooth, 40, ahead=ahead), 40, space)


def check_small_spaces(make: Make) -> None:
    """A strategy ends a search only when every candidate was proposed."""
    for space in (small_space(), single_space()):
        for ahead in (1, 4):
            _check_length(simulate(make, space, smooth, 40, ahead=ahead), 40, space)


def check_constraints(make: Make) -> None:
    """Only what meets the space's constraints is proposed, even where little does."""
    space = constrained_space()
    for ahead in (1, 4):
        trials = simulate(make, space, smooth, 15, ahead=ahead)
        _check_length(trials, 15, space)
        for trial in trials:
            decisions = trial.proposal.genotype
            assert space.feasible(decisions), f"proposal {trial.number} is infeasible"


def check_optimum(make: Make) -> None:
    """The best of 24 candidates is found, in either direction."""
    space = small_space()
    best = {"a": "y", "b": 2, "c": True}

    def agreement(genotype: Genotype) -> float:
        return sum(float(genotype[f"model.{name}"] == value) for name, value in best.items())

    for sign, direction in ((1, "maximize"), (-1, "minimize")):

        def measure(genotype: Genotype, sign: int = sign) -> float:
            return sign * agreement(genotype)

        trials = simulate(make, space, measure, 150, direction=direction)  # type: ignore[arg-type]
        found = max((agreement(trial.proposal.genotype) for trial in trials), default=0)
        assert found == 3, f"{direction}: the best of 24 candidates is not among 150 trials"


def _check_length(trials: Sequence[Trial], expected: int, space: SearchSpace) -> None:
    """There are as many trials as expected; fewer only if every candidate was proposed."""
    if len(trials) < expected:
        assert space.size < math.inf, f"no proposal {len(trials)}, though no result is pending"
        keys = {trial.key for trial in trials}
        fresh = (one for one in every(space) if one.key not in keys and space.feasible(one))
        left = next(fresh, None)
        assert left is None, f"ended after {len(trials)} trials, without {left!r}"


CHECKS: tuple[Callable[[Make], None], ...] = (
    check_proposals,
    check_seed,
    check_global_state,
    check_failures,
    check_pending,
    check_small_spaces,
    check_constraints,
    check_optimum,
)
