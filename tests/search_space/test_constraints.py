"""Which candidates meet a space's constraints, and what is wrong with constraints."""

import numpy as np
import pytest
from hypothesis import given
from omegaconf import OmegaConf

from nas_hydra.errors import ConfigError, InfeasibleError, exit_code
from nas_hydra.search_space import Hooks, SearchSpace
from search_space.spaces import PARTS, accepts, constrained_spaces
from search_space.test_properties import sample, seeds, thorough

PAIR = """
width: {_int_: {low: 1, high: 12}, _name_: width}
heads: {_choice_: [1, 2, 3, 4], _name_: heads}
model: {w: "${search_space.width}", h: "${search_space.heads}"}
constraints: [{number: "${search_space.width}", divisor: "${search_space.heads}"}]
"""


def constrained(text, judge, **parts):
    inside = OmegaConf.to_container(OmegaConf.create(text))
    config = OmegaConf.create({"search_space": inside, "optimizer": {}, **parts})
    return SearchSpace(config, PARTS, Hooks(feasible=judge))


def divides(closed, constraints):
    return all(one["number"] % one["divisor"] == 0 for one in constraints)


def test_samples_meet_the_constraints():
    space, rng = constrained(PAIR, divides), np.random.default_rng(0)
    drawn = {tuple(space.sample(rng).values()) for _ in range(500)}
    assert drawn == {(w, h) for w in range(1, 13) for h in range(1, 5) if w % h == 0}


def test_every_candidate_is_judged_once_and_counted():
    judged = []
    space = constrained(PAIR, lambda closed, its: judged.append(closed) or divides(closed, its))
    good, bad = (space.genotype({"width": 6, "heads": heads}) for heads in (3, 4))
    assert [space.feasible(one) for one in (good, bad, good, bad)] == [True, False, True, False]
    assert len(judged) == 2
    assert (space.tried, space.rejected) == (2, 1)


def test_the_judge_sees_the_closed_candidate_and_constraints():
    seen = []
    space = constrained(PAIR, lambda *given: seen.append(given) or True)
    space.feasible(space.genotype({"width": 6, "heads": 4}))
    closed = {"model": {"w": 6, "h": 4}, "optimizer": {}}
    assert seen == [(closed, [{"number": 6, "divisor": 4}])]


def test_constraints_are_no_part_of_the_candidate():
    free = "constraints".join(PAIR.split("constraints")[:-1])
    space, other = constrained(PAIR, divides), constrained(free, None)
    decisions = {"width": 6, "heads": 4}
    assert space.genotype(decisions).key == other.genotype(decisions).key
    assert space.close(decisions) == other.close(decisions)
    assert space.genes == other.genes
    assert space.size == other.size == 48


def test_without_a_judge_everything_is_feasible():
    space = constrained(PAIR, None)
    assert space.feasible({"width": 1, "heads": 2})
    assert (space.tried, space.rejected) == (0, 0)


def test_a_constraint_that_reads_an_inactive_gene_does_not_apply():
    space = constrained(
        "depth: {_int_: {low: 1, high: 3}, _name_: depth}\n"
        "model: {_name_: kind, _choice_: {flat: 1, deep: {d: '${search_space.depth}'}}}\n"
        "constraints: [{text: 'depth ${search_space.depth}'}, {all: '${search_space.model}'}, {}]",
        lambda closed, constraints: {"text": "depth 3"} not in constraints,
    )
    assert space.feasible({"kind": "flat"})
    assert space.feasible({"kind": "deep", "depth": 2})
    assert not space.feasible({"kind": "deep", "depth": 3})


def test_models_that_compute_the_same_may_differ_in_feasibility():
    inside = OmegaConf.to_container(OmegaConf.create(PAIR))
    config = OmegaConf.create({"search_space": inside, "optimizer": {}})
    space = SearchSpace(config, PARTS, Hooks(canonical=lambda model: "all one", feasible=divides))
    good, bad = (space.genotype({"width": 6, "heads": heads}) for heads in (3, 4))
    assert good.key == bad.key
    assert [space.feasible(one) for one in (bad, good)] == [False, True]


def test_a_canonical_form_stands_for_the_model_in_the_key():
    text = "{model: {l: [{_choice_: [x, y], _name_: a}, {_choice_: [x, y], _name_: b}]}}"
    config = OmegaConf.create({**OmegaConf.create({"search_space": text}), "optimizer": {"lr": 1}})
    config.search_space = OmegaConf.create(text)
    config.optimizer.lr = OmegaConf.create({"_choice_": [1, 2], "_name_": "lr"})
    space = SearchSpace(config, PARTS, Hooks(canonical=lambda model: sorted(model["l"])))
    keys = {
        a + b + str(lr): space.genotype({"a": a, "b": b, "lr": lr}).key
        for a in "xy"
        for b in "xy"
        for lr in (1, 2)
    }
    assert keys["xy1"] == keys["yx1"]
    assert len(set(keys.values())) == 6
    assert space.close({"a": "y", "b": "x", "lr": 1})["model"] == {"l": ["y", "x"]}


def test_constraints_that_nothing_meets_end_after_a_bounded_number_of_tries():
    space = constrained(PAIR, lambda closed, constraints: False)
    with pytest.raises(InfeasibleError, match=r"of 48 different ones .* 0 meet .*0.00%"):
        space.sample(np.random.default_rng(0))
    assert (space.tried, space.rejected) == (48, 48)


def test_the_share_that_is_accepted_is_told():
    space = constrained(
        PAIR.replace("12", "1000000"), lambda closed, its: closed["model"]["w"] == 9
    )
    assert space.feasible({"width": 9, "heads": 2})
    with pytest.raises(ConfigError, match=r"2000 random .* of 2001 .* 1 meet .*0.05%") as caught:
        space.sample(np.random.default_rng(1))
    assert caught.value.key == "search_space.constraints"
    assert exit_code(caught.value) == 2


@thorough
@given(constrained_spaces(), seeds)
def test_in_any_space_only_the_feasible_is_sampled(space, seed):
    for number in range(4):
        try:
            genotype = sample(space, seed + number)
        except InfeasibleError:
            assert space.rejected == space.tried > 0
            return
        assert accepts(space.close(genotype))


@pytest.mark.parametrize(
    ("constraints", "key", "mend"),
    [
        ("3", "constraints", "is 3; it must be a list"),
        ("{max: 3}", "constraints", "it must be a list"),
        ("[3]", "constraints.0", "is 3; say {_target_"),
        ("{_choice_: [[], [{}]]}", "constraints", "it must be a list"),
        ("[{_repeat_: 2, _block_: {a: '${search_space.width}'}}]", "constraints.0", "write each"),
        ("[{}, {a: {_choice_: [1, 2]}}]", "constraints.1.a", "only a constraint reads it"),
        ("[{_choice_: [{}, {a: 1}]}]", "constraints.0", "only a constraint reads it"),
        ("[{a: '${search_space.nobody}'}]", "nobody", "only a constraint reads it"),
        ("[{a: '${search_space.wdith}'}]", "constraints.0.a", "did you mean 'width'"),
        ("[{a: {_choice_: [1, 2], _name_: width}}]", "constraints.0.a", "only a constraint"),
    ],
)
def test_mistakes_in_constraints(constraints, key, mend):
    text = PAIR.split("constraints")[0] + f"constraints: {constraints}"
    if "nobody" in constraints:
        text += "\nnobody: {_choice_: [1, 2]}"
    with pytest.raises(ConfigError) as caught:
        constrained(text, divides)
    assert caught.value.key == f"search_space.{key}"
    assert mend in str(caught.value)


@pytest.mark.parametrize("hook", ["canonical", "encoder"])
@pytest.mark.parametrize("value", ["{a: {_choice_: [1, 2]}}", "{a: '${search_space.width}'}"])
def test_hooks_have_no_open_values(hook, value):
    with pytest.raises(ConfigError, match="has open values") as caught:
        constrained(f"{PAIR}{hook}: {value}", divides)
    assert caught.value.key == f"search_space.{hook}"


def test_plain_hooks_and_no_constraints_are_fine():
    text = (
        PAIR.split("constraints")[0] + "constraints: null\ncanonical: {_target_: a}\nencoder: null"
    )
    assert constrained(text, divides).feasible({"width": 1, "heads": 2})
    elsewhere = "known: [{a: 1}]\nconstraints: ${search_space.known}"
    space = constrained(PAIR.split("constraints")[0] + elsewhere, lambda closed, its: its == [])
    assert not space.feasible({"width": 1, "heads": 2})


def test_a_space_of_one_candidate():
    space = constrained("model: {a: 1}\nconstraints: [{most: 3}]", lambda closed, its: True)
    only = space.sample(np.random.default_rng(0))
    assert space.feasible(only)
    assert space.size == 1
    assert list(space.neighbours(only)) == []
    assert space.distance(only, only) == 0
    assert len(space.encode(only).values) == 0
