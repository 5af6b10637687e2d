"""What was spent, and on what it came to nothing."""

from nas_hydra.report.outcome import Cost, answer, costs, failures, origin_name
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Proposal, Trial, duplicate
from trials import complete, trials


def failed(number: int, error: str) -> Trial:
    proposal = Proposal(number, Genotype({}, str(number)), "random")
    return Trial(proposal, "failed", seconds=0.5, error=error)


def test_costs_by_origin_and_by_answer():
    given = [*trials(), failed(4, "too deep")]
    assert costs(given, origin_name) == [
        Cost("mutation", 2, 4, 3.0),
        Cost("random", 2, 0, 0.5),
        Cost("crossover", 1, 0, 0.0),
    ]
    assert costs(given, answer) == [
        Cost("evaluated", 2, 4, 3.0),
        Cost("failed", 2, 0, 0.5),
        Cost("known from an earlier trial", 1, 0, 0.0),
    ]


def test_what_another_run_knew_is_a_group_of_its_own():
    known = Trial(complete(0, 0.5, {}).proposal, "complete", source="trial 3 of there")
    assert answer(known) == "known from another run"


def test_failures_that_differ_in_a_number_are_of_one_kind():
    first = failed(1, "out of memory: 12,345 MB of 16 GB at epoch 3")
    given = [
        failed(0, "diverged: the training loss is nan"),
        first,
        failed(2, "out of memory: 999.5 MB of 16 GB at epoch 14"),
        duplicate(Proposal(3, first.proposal.genotype, "random"), first),
    ]
    found = {one.kind: [trial.number for trial in one.trials] for one in failures(given)}
    assert found == {
        "out of memory: … MB of … GB at epoch …": [1, 2],
        "diverged: the training loss is nan": [0],
    }
