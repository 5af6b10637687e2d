"""What the best candidates have in common."""

from nas_hydra.report.outcome import traits
from nas_hydra.search_space import Categorical, Integer, Real
from trials import complete

GENES = [
    Categorical("op", ("conv", "pool")),
    Integer("depth", 1, 4),
    Real("rate", 1e-4, 1.0, log=True),
    Categorical("size", (2, 3)),
]
BEST = [
    complete(0, 0.9, {"op": "conv", "depth": 3, "rate": 2e-4}),
    complete(1, 0.8, {"op": "conv", "depth": 1, "rate": 0.5}),
]
REST = [
    complete(2, 0.5, {"op": "pool", "size": 3, "depth": 3, "rate": 1.0}),
    complete(3, 0.4, {"op": "pool", "size": 2, "depth": 1, "rate": 0.9}),
]


def test_shares_among_the_best_and_among_all():
    found = {
        (one.gene, one.decision): (one.best, one.all) for one in traits(BEST, BEST + REST, GENES)
    }
    assert found == {
        ("op", "conv"): (1.0, 0.5),
        ("op", "pool"): (0.0, 0.5),
        ("size", "not active"): (1.0, 0.5),
        ("size", "2"): (0.0, 0.25),
        ("size", "3"): (0.0, 0.25),
        ("depth", "1"): (0.5, 0.5),
        ("depth", "3"): (0.5, 0.5),
        ("rate", "lowest quarter"): (0.5, 0.25),
        ("rate", "highest quarter"): (0.5, 0.75),
    }


def test_the_most_telling_come_first():
    found = traits(BEST, BEST + REST, GENES)
    assert [(one.gene, one.decision) for one in found[:2]] == [
        ("op", "conv"),
        ("size", "not active"),
    ]
    assert sorted(found, key=lambda one: -one.difference) == found


def test_what_all_have_alike_says_nothing():
    assert traits(BEST[:1], BEST[:1], GENES) == []
