"""Every fidelity around every kind of strategy, and through the command."""

from itertools import product
from pathlib import Path

import pytest

from command import finish, nas_hydra, rows
from evaluator.tables import write
from fidelity.rungs import first_epoch, halving
from nas_hydra.fidelity.curve import Curve
from nas_hydra.fidelity.full import Full
from nas_hydra.fidelity.median import Median
from nas_hydra.testing.strategy import CHECKS
from strategy.strategies import maker

LEVELS = range(1, 10)
FIDELITIES = {
    "full": lambda strategy, objectives: Full(strategy, objectives, LEVELS),
    "halving": halving,
    "halving-brackets": lambda strategy, objectives: halving(strategy, objectives, brackets=2),
    "first_epoch": lambda strategy, objectives: first_epoch(
        strategy, objectives, top=2, trials=1000
    ),
    "median": lambda strategy, objectives: Median(strategy, objectives, LEVELS, 5, 1),
    "curve": lambda strategy, objectives: Curve(strategy, objectives, LEVELS, 5, 1, 0.05, 0.1),
}


def decorated(fidelity, name):
    """What makes a strategy with a fidelity around it."""

    def make(space, objectives, seed):
        return FIDELITIES[fidelity](maker(name)(space, objectives, seed), objectives)

    return make


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", ["random", "evolution", "tpe"])
@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_conformance(fidelity, name, check):
    check(decorated(fidelity, name))


MINE = """# two numbers, 64 candidates
model:
  a: {_int_: {low: 0, high: 7}, _name_: a}
  b: {_int_: {low: 0, high: 7}, _name_: b}
"""
SEARCH = (
    *("--config-dir", "mine", "search_space=numbers", "budget.trials=24"),
    *("evaluator=tabular", "evaluator.table=numbers.csv", "evaluator.value=accuracy"),
    *("evaluator.fidelities={3: early, 9: late}", "tracker=none", "report=false"),
)


@pytest.fixture
def numbers():
    """A space, and a table that tells late which of its candidates is best."""
    folder = Path("mine", "search_space")
    folder.mkdir(parents=True)
    Path(folder, "numbers.yaml").write_text(MINE)
    cells = [{"a": a, "b": b, "early": a - b % 3, "late": 10 + a + b} for a, b in both()]
    write(Path("numbers.csv"), cells)


def both():
    return product(range(8), repeat=2)


def epochs(folder):
    return [int(row["epochs"]) for row in rows(Path(folder))]


def test_promotions_add_up_to_whole_trainings(numbers, monkeypatch):
    words = (*SEARCH, "engine=serial", "strategy=evolution", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *words, "fidelity=halving") == 0
    promoted = [row for row in rows(Path("run")) if row["origin"] == "promotion"]
    assert {*epochs("run")} == {3, 6}
    assert {row["epochs"] for row in promoted} == {"6"}


def test_one_rung_is_the_same_search_as_full(numbers, monkeypatch):
    for folder, words in {"full": (), "one": ("fidelity=halving", "fidelity.rungs=[9]")}.items():
        search = (*SEARCH, "engine=serial", "strategy=evolution", f"hydra.run.dir={folder}")
        assert nas_hydra(monkeypatch, *search, *words) == 0
    names = ("key", "origin", "parents", "epochs", "accuracy")
    one, full = ([[row[n] for n in names] for row in rows(Path(f))] for f in ("one", "full"))
    assert one == full


@pytest.mark.long
@pytest.mark.parametrize("strategy", ["evolution", "tpe", "surrogate_evolution"])
def test_any_number_of_workers_gives_one_list_of_trials(numbers, strategy):
    engines = {
        "ahead": ("engine=serial",),
        **{str(n): ("engine=processes", f"engine.workers={n}") for n in (1, 2, 4)},
    }
    found = []
    for folder, engine in engines.items():
        words = (*SEARCH, *engine, "engine.ahead=4", "fidelity=halving", f"strategy={strategy}")
        ended = finish(*words, f"hydra.run.dir={folder}")
        assert ended.returncode == 0, ended.stderr
        found.append(rows(Path(folder)))
    assert all(one == found[0] for one in found)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fidelity=halving", "fidelity.reduction=1"), "fidelity.reduction: is 1"),
        (("fidelity=halving", "fidelity.minimum=12"), "fidelity.minimum: is 12"),
        (("fidelity=halving", "fidelity.rungs=[4]"), "fidelity.rungs: is 4"),
        (("fidelity=first_epoch",), "fidelity.epochs: is 1; a training of this"),
        (("fidelity=halving", "evaluator.fidelities=null", "evaluator.value=late"), "fidelity: "),
    ],
)
def test_bad_input_is_one_message(numbers, monkeypatch, capsys, words, message):
    assert nas_hydra(monkeypatch, *SEARCH, "hydra.run.dir=run", *words) == 2
    assert message in capsys.readouterr().err
