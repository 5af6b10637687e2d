"""The way from one candidate to another, in spaces where decisions come and go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from nas_hydra.explain.ablation import way
from nas_hydra.search_space.scale import default
from nas_hydra.testing.strategy import constrained_space, varied_space


class Guess:
    """Stands in for a surrogate: any order of the decisions is possible."""

    def __init__(self, seed: int) -> None:
        self._rng = default_rng(seed)

    def scores(self, genotypes: list) -> list[float]:
        return self._rng.random(len(genotypes)).tolist()


@pytest.mark.parametrize("space", [varied_space(), constrained_space()], ids=["varied", "limited"])
@given(seed=st.integers(0, 1000))
def test_each_step_makes_one_more_decision_until_all_are_made(space, seed):
    rng = default_rng(seed)
    start, goal = space.sample(rng), space.sample(rng)
    (_, first), *steps = way(space, start, goal, Guess(seed))
    assert first == start
    made = [name for name, _ in steps]
    assert len(set(made)) == len(made)
    for (name, after), before in zip(steps, [first, *(one for _, one in steps)], strict=False):
        assert before[name] != after[name] == goal[name]
        shared = set(before) & set(after) - {name}
        assert all(before[other] == after[other] for other in shared)
    last = steps[-1][1] if steps else first
    assert dict(last) == dict(goal)


def test_there_is_no_way_from_a_candidate_to_itself():
    space = varied_space()
    start = space.walk(default)
    assert [name for name, _ in way(space, start, start, Guess(0))] == [""]


def test_what_the_constraints_refuse_is_stepped_on_only_where_it_must_be():
    """Of two orders of width and heads, that over a feasible candidate is taken."""
    space = constrained_space()
    names = [gene.name for gene in space.genes]
    repeat = next(name for name in names if name.startswith("model.blocks"))

    def candidate(width: int, heads: int):
        decisions = {"model.width": width, "model.heads": heads, "model.pool": "none", repeat: 0}
        return space.genotype(decisions)

    start, goal = candidate(6, 6), candidate(12, 4)
    for seed in range(10):
        _, (name, middle), _ = way(space, start, goal, Guess(seed))
        assert (name, space.feasible(middle)) == ("model.width", True)
