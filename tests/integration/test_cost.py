"""What candidates cost, through the command: weighed by every strategy, and the same again."""

import csv
import json
import shutil
from itertools import product
from pathlib import Path

import pytest

from command import SMALL, nas_hydra, rows

MINE = """# two numbers, 64 candidates
model:
  a: {_int_: {low: 0, high: 7}, _name_: a}
  b: {_int_: {low: 0, high: 7}, _name_: b}
"""
NETWORKS = """# networks of a width and a dropout
model:
  _target_: torch.nn.Sequential
  _args_:
    - {_target_: torch.nn.Flatten}
    - {_target_: torch.nn.LazyLinear, out_features: {_int_: {low: 8, high: 64}, _name_: width}}
    - {_target_: torch.nn.Dropout, p: {_float_: {low: 0.0, high: 0.5}, _name_: dropout}}
    - {_target_: torch.nn.LazyLinear, out_features: "${dataset.num_classes}"}
"""
SPACE = ("--config-dir", "mine", "search_space=numbers")
TABLE = (
    *("engine=serial", "tracker=none", "report=false", "budget.trials=6", *SPACE),
    *("evaluator=tabular", "evaluator.table=numbers.csv", "evaluator.value=acc"),
)
TRAIN = (*SMALL, "--config-dir", "mine", "search_space=networks", "budget.trials=3")
OWN = """
def cost(config):
    return float(len(str(config["model"])))

def broken(config):
    raise ValueError("no idea")

def value(config):
    return {"loss": (config["a"] - 3) ** 2}
"""
FUNCTION = (
    *("engine=serial", "tracker=none", "report=false", "budget.trials=3", *SPACE),
    *("evaluator=function", "evaluator.function=cost_own.value", "objective.loss=minimize"),
)
CALLED = "strategy.cost={_target_:cost_own.cost,_partial_:true}"
KINDS = {
    "flops": (*TRAIN, "strategy.cost=flops"),
    "params": (*TRAIN, "strategy.cost=params"),
    "latency": (*TRAIN, "strategy.cost=latency", "evaluator.latency.repeats=1"),
    "column": (*TABLE, "strategy.cost=seconds"),
    "callable": (*TRAIN, CALLED),
    "callable of a table": (*TABLE, CALLED),
}
STRATEGIES = {
    "random": (),
    "evolution": (),
    "regularized_evolution": (),
    "mu_comma_lambda": (),
    "nsga2": (),
    "local_search": (),
    "surrogate_evolution": (),
    "tpe": (),
    "gp": ("strategy.sampler.n_startup_trials=2",),
    "cmaes": (),
    "nsgaii_optuna": (),
    "random_optuna": (),
    "optuna": ("strategy.sampler._target_=optuna.samplers.QMCSampler",),
}
SURROGATE = ("strategy=surrogate_evolution", "strategy.founders=2")
TIMES = ("seconds", "started", "finished", "latency")


@pytest.fixture(autouse=True)
def files(own_modules):
    """A table of all candidates, and functions of one's own."""
    Path("mine/search_space").mkdir(parents=True)
    Path("mine/search_space/numbers.yaml").write_text(MINE)
    Path("mine/search_space/networks.yaml").write_text(NETWORKS)
    Path("cost_own.py").write_text(OWN)
    with Path("numbers.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["a", "b", "acc", "seconds"])
        pairs = product(range(8), range(8))
        table.writerows([a, b, 99 - (a - 5) ** 2 - (b - 2) ** 2, 10 * a + b] for a, b in pairs)


@pytest.fixture
def search(monkeypatch):
    """A search in a folder; its trials without what a clock says."""

    def run(*words: str, folder: str = "run") -> list[dict[str, str]]:
        assert nas_hydra(monkeypatch, f"hydra.run.dir={folder}", *words) == 0
        return [{k: v for k, v in row.items() if k not in TIMES} for row in rows(Path(folder))]

    return run


def killed(folder: str, trials: int) -> None:
    """As it is if the search was killed after so many trials."""
    Path(folder, "summary.json").unlink()
    journal = Path(folder, "journal.log")
    lines = journal.read_bytes().splitlines(keepends=True)
    ends = [place for place, line in enumerate(lines) if b'"state"' in line]
    journal.write_bytes(b"".join(lines[: ends[trials]]))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_works_with_every_kind_of_cost(search, strategy, kind):
    found = search(*KINDS[kind], f"strategy={strategy}", *STRATEGIES[strategy])
    assert len(found) == (6 if "table" in kind or kind == "column" else 3)


@pytest.mark.parametrize("kind", ["column", pytest.param("flops", marks=pytest.mark.long)])
def test_a_killed_search_ends_as_an_uninterrupted_one(search, kind):
    words = (*KINDS[kind], *SURROGATE, "budget.trials=6")
    whole = search(*words, folder="whole")
    shutil.copytree("whole", "killed")
    killed("killed", trials=3)
    assert search(*words, folder="killed") == whole


@pytest.mark.long
def test_what_is_timed_is_kept_for_a_search_that_goes_on(search):
    words = (*KINDS["latency"], *SURROGATE, "budget.trials=6")
    whole = search(*words, folder="whole")
    kept = Path("whole/costs.jsonl").read_text()
    shutil.copytree("whole", "killed")
    killed("killed", trials=3)
    Path("killed/costs.jsonl").write_text(kept + '["half a li')
    assert search(*words, folder="killed") == whole
    assert Path("killed/costs.jsonl").read_text() == kept


@pytest.mark.long
def test_any_number_of_workers_gives_one_list_of_trials(search):
    words = (*TRAIN, *SURROGATE, "strategy.cost=flops", "budget.trials=6", "engine.ahead=4")
    alone = search(*words, "engine=processes", "engine.workers=1", folder="run-1")
    for workers in (2, 4):
        many = ("engine=processes", f"engine.workers={workers}")
        assert search(*words, *many, folder=f"run-{workers}") == alone


def test_the_cheap_come_first(search):
    def seconds(*words):
        found = search(*TABLE, *SURROGATE, "strategy.founders=4", *words, folder=f"run{len(words)}")
        return sum(10 * int(row["a"]) + int(row["b"]) for row in found[:4])

    assert seconds("strategy.cost=seconds") < seconds() / 2


def test_a_function_that_fails_is_told_once_and_the_search_goes_on(search, capsys):
    assert (
        len(search(*TABLE, *SURROGATE, "strategy.cost={_target_:cost_own.broken,_partial_:true}"))
        == 6
    )
    told = capsys.readouterr().err
    assert told.count("counts as the highest: cost_own.broken: ValueError: no idea") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*TABLE, "strategy.cost=second"), ["'second'", "did you mean 'seconds'"]),
        ((*TRAIN, "strategy.cost=seconds"), ["'seconds'", "'flops'", "'params'", "'latency'"]),
        ((*FUNCTION, "strategy.cost=flops"), ["'flops'", "_target_: my.function"]),
        (
            (*TABLE, "strategy.cost={_target_:cost_own.nothing,_partial_:true}"),
            ["cost_own.nothing"],
        ),
        ((*TABLE, "strategy.cost_aware.founders=0"), ["cost_aware.founders", "above 0, at most 1"]),
        ((*TABLE, "+strategy.cost_aware.fonders=0"), ["cost_aware.fonders", "founders"]),
    ],
    ids=["column", "training", "function", "target", "setting", "name"],
)
def test_what_cannot_be_counted_is_said(monkeypatch, capsys, words, said):
    assert nas_hydra(monkeypatch, *words, "hydra.run.dir=run") == 2
    told = capsys.readouterr().err
    assert told.count("error: ") == 1
    assert told.splitlines()[-1].startswith("error: strategy.")
    for text in said:
        assert text in told
    assert not Path("run/journal.log").exists()


def test_a_folder_of_a_search_without_cost_goes_on(search):
    search(*TABLE, *SURROGATE)
    killed("run", trials=3)
    assert len(search(*TABLE, *SURROGATE)) == 6
    assert "cost" not in json.loads(Path("run/summary.json").read_text())
