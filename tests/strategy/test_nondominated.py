"""NSGA-II's selection, and NSGA-II itself."""

import logging
from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from scipy.stats import mannwhitneyu

from nas_hydra.errors import ConfigError
from nas_hydra.front import Front, by_domination
from nas_hydra.objective import Limit, Objective, Objectives
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy.nondominated import NonDominated, NonDominatedTournament
from nas_hydra.testing.strategy import PARTS, small_space
from nas_hydra.trial import Proposal, Trial
from strategy.strategies import maker

ONE = Objectives((Objective("first", "minimize", reference=1.1),))
TWO = Objectives((*ONE, Objective("second", "minimize", reference=10.0)))
STEPS = st.integers(0, 4).map(float)
SOME = st.lists(st.tuples(STEPS, STEPS), min_size=1, max_size=8)


def trials(values, first=0) -> list[Trial]:
    return [trial(first + number, *given) for number, given in enumerate(values)]


def trial(number: int, first: float, second: float, genes=None) -> Trial:
    values = {"first": first, "second": second}
    proposal = Proposal(number, genes or Genotype({}, str(number)), "random")
    return Trial(proposal, "complete", values, values)


def search(name: str, objectives: Objectives, count: int, seed: int, **changes) -> Front:
    """One trial at a time on the space of ``zdt1``."""
    model = {f"g{i}": {"_int_": {"low": 0, "high": 15}} for i in range(8)}
    space = SearchSpace(OmegaConf.create({"model": model}), PARTS)
    strategy = maker(name, **changes)(space, objectives, seed)
    front = Front(objectives)
    for number in range(count):
        proposal = strategy.ask(number, numpy.random.default_rng((seed, number)))
        told = trial(number, *zdt1(proposal.genotype), proposal.genotype)
        strategy.tell(told)
        front.add(told)
    return front


def zdt1(genotype: Genotype) -> tuple[float, float]:
    """Two objectives in conflict, on a grid (Zitzler, Deb and Thiele 2000)."""
    first, *others = (decision / 15 for decision in genotype.values())
    height = 1 + 9 * sum(others) / len(others)
    return first, height * (1 - (first / height) ** 0.5)


def test_a_tournament_of_all_is_won_by_the_first_in_rank():
    population = trials([(3, 3), (1, 2), (2, 1), (0, 9)])
    drawn = NonDominatedTournament(4)(population, TWO, numpy.random.default_rng(0))
    assert drawn is by_domination(population, TWO)[0]


def test_the_dominated_win_no_tournament_against_the_front():
    generator, population = numpy.random.default_rng(0), trials([(1, 2), (2, 1), (3, 3)])
    won = Counter(NonDominatedTournament(2)(population, TWO, generator).number for _ in range(300))
    assert set(won) == {0, 1}


@given(old=SOME, new=SOME, size=st.integers(1, 16))
def test_survivors_are_as_many_as_asked_for_and_the_front_comes_first(old, new, size):
    population, children = trials(old), trials(new, first=len(old))
    kept = {one.number for one in NonDominated()(population, children, size, TWO)}
    assert len(kept) == min(size, len(old) + len(new))
    front = Front(TWO)
    for one in (*population, *children):
        front.add(one)
    members = {member.number for member in front.members}
    assert members <= kept or kept <= {
        one.number
        for one in (*population, *children)
        if any(one.values == member.values for member in front.members)
    }


@pytest.mark.long
def test_nsga2_beats_random_search():
    found = {
        name: [search(name, TWO, 120, seed).hypervolume for seed in range(12)]
        for name in ("nsga2", "random")
    }
    assert mannwhitneyu(found["nsga2"], found["random"], alternative="greater").pvalue < 0.01


def test_nsga2_with_a_limit_finds_the_feasible_part_of_the_front():
    limited = Objectives(TWO.optimised, (Limit("first", at_least=0.4, at_most=0.6),))
    front = search("nsga2", limited, 120, seed=0)
    assert front.feasible
    assert all(0.4 <= member.values["first"] <= 0.6 for member in front.members)
    assert front.infeasible < 60  # of random ones, three quarters would be


def test_with_one_objective_it_works_and_says_so_once(caplog):
    with caplog.at_level(logging.INFO, logger="nas_hydra"):
        front = search("nsga2", ONE, 80, seed=0)
    assert front.best.values["first"] == 0
    assert [message.split(":")[0] for message in caplog.messages] == [
        "strategy/parents",
        "strategy/survivors",
    ]


@pytest.mark.parametrize(
    ("part", "option", "name"),
    [
        ("parents", "tournament", "Tournament"),
        ("parents", "truncation", "Truncation"),
        ("survivors", "best", "Best"),
        ("survivors", "offspring", "Offspring"),
    ],
)
def test_parts_for_one_objective_are_refused_where_there_are_several(part, option, name):
    with pytest.raises(ConfigError, match=f"{part}: {name} .*'first', 'second'.*strategy=nsga2"):
        maker("nsga2", **{part: option})(small_space(), TWO, 0)


def test_parts_that_do_not_rank_take_any_number_of_objectives():
    maker("nsga2", parents="uniform", survivors="youngest")(small_space(), TWO, 0)
