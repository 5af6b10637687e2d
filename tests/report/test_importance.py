"""Which decisions told the best candidates from the rest."""

import os
from pathlib import Path

import pytest
from numpy.random import default_rng

from nas_hydra.objective import Limit, Objectives
from nas_hydra.report.importance import UnknownImportanceError, importances
from nas_hydra.search_space import Categorical, Integer, Real
from trials import ONE, TWO, complete

HERE = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
GENES = [
    Categorical("op", ("conv", "pool", None)),
    Integer("width", 1, 64, log=True),
    Real("rate", 0.0, 1.0),
    Categorical("size", (2, 3)),
    Categorical("never", ("a", "b")),
]


def trials(count: int = 60, **metrics: float) -> list:
    """Only ``op`` decides, but for noise; ``size`` is active where it is ``pool``."""
    rng, made = default_rng(0), []
    for number in range(count):
        genes = {gene.name: gene.sample(rng) for gene in GENES[:3]}
        if genes["op"] == "pool":
            genes["size"] = GENES[3].sample(rng)
        accuracy = 0.5 + 0.4 * (genes["op"] == "conv") + 0.05 * rng.random()
        made.append(complete(number, accuracy, genes, **metrics))
    return made


def test_what_decides_is_most_important():
    found = importances(trials(), GENES, ONE)
    assert list(found) == ["op", *sorted(list(found)[1:], key=found.get, reverse=True)]
    assert found["op"] > 0.5
    assert sum(found.values()) == pytest.approx(1)


def test_genes_that_are_not_always_active_count_where_they_are():
    assert set(importances(trials(), GENES, ONE)) == {"op", "width", "rate", "size"}


def test_several_objectives_are_told_together():
    assert next(iter(importances(trials(val_loss=0.5), GENES, TWO))) == "op"


@pytest.mark.parametrize(
    ("given", "objectives", "reason"),
    [
        (trials(9), ONE, "9 complete trials are too few to tell; it takes 10"),
        ([complete(n, 0.5, {"op": "conv"}) for n in range(20)], ONE, "the same outcome"),
        ([complete(n, n / 20, {}) for n in range(20)], ONE, "nothing was left to decide"),
        (trials(), Objectives(ONE.optimised, (Limit("val_acc", 2.0),)), "0 complete trials"),
    ],
)
def test_where_it_cannot_be_told_the_reason_is(given, objectives, reason):
    with pytest.raises(UnknownImportanceError, match=reason):
        importances(given, GENES, objectives)
