"""What is spent, through the command: budgets in it, what is told of it, comparisons by it."""

import itertools
import json
from pathlib import Path

import pytest

from command import nas_hydra, rows
from nas_hydra.cli.compare import run as compare
from nas_hydra.cli.explain import run as explain

WORDS = (
    *("search_space=values", "evaluator=tabular", "evaluator.table=table.csv"),
    *("evaluator.value=acc", "engine=serial", "tracker=none"),
    "+search_space.model={a:{_choice_:[0,1,2,3,4],_name_:a},b:{_choice_:[0,1,2,3,4],_name_:b}}",
)
COSTS = ("strategy=surrogate_evolution", "strategy.cost=secs")
SPENT = ("budget.trials=null", "report=false")


def seconds(a: int, b: int) -> int:
    return (1 + a) ** 2 + b


@pytest.fixture
def search(monkeypatch, tmp_path, capsys):
    """The exit code of a search in a folder, and what it told."""
    monkeypatch.chdir(tmp_path)
    lines = ["a,b,acc,secs"]
    for a, b in itertools.product(range(5), repeat=2):
        lines.append(f"{a},{b},{(2 * a + b + 3 * a * b % 5) / 16},{seconds(a, b)}")
    Path("table.csv").write_text("\n".join(lines))

    def run(folder: str, *words: str) -> tuple[int, str]:
        code = nas_hydra(monkeypatch, *WORDS, f"hydra.run.dir={folder}", *words)
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def spent(folder: str) -> list[float]:
    return [float(row["cost"]) for row in rows(Path(folder))]


def summary(folder: str) -> dict:
    return json.loads(Path(folder, "summary.json").read_text())


def test_a_budget_of_cost_ends_the_search_and_a_larger_one_goes_on(search):
    code, told = search("run", *COSTS, *SPENT, "budget.cost=60")
    assert code == 0
    assert "budget.cost: it has spent" in told
    costs = spent("run")
    assert sum(costs[:-1]) < 60 <= sum(costs)
    for row, cost in zip(rows(Path("run")), costs, strict=True):
        assert cost == seconds(int(row["a"]), int(row["b"]))
    found = summary("run")
    assert found["ended"] == "budget.cost"
    assert found["cost"]["spent"] == sum(costs)
    assert found["cost"]["budget"] == 60
    assert (found["cost"]["cheapest"], found["cost"]["dearest"]) == (min(costs), max(costs))
    assert search("run", *COSTS, *SPENT, "budget.cost=150")[0] == 0
    more = spent("run")
    assert more[: len(costs)] == costs
    assert sum(more[:-1]) < 150 <= sum(more)
    assert search("other", *COSTS, *SPENT, "budget.cost=150")[0] == 0
    assert rows(Path("other")) == rows(Path("run"))


def test_a_multiple_is_of_the_average_candidate(search):
    assert search("run", *COSTS, *SPENT, "budget.cost=3x")[0] == 0
    mean = sum(seconds(a, b) for a, b in itertools.product(range(5), repeat=2)) / 25
    assert summary("run")["cost"]["budget"] == pytest.approx(3 * mean, rel=0.25)


@pytest.mark.long
def test_a_multiple_and_its_number_are_the_same_search_of_networks(search, monkeypatch):
    words = ("strategy=surrogate_evolution", "strategy.cost=flops", *SPENT)
    small = ("dataset.limit=60", "trainer.max_epochs=1", "engine=serial", "tracker=none")
    aware = "strategy.cost_aware.counted=1"  # the others are estimated by those that are known
    given = (*words, *small, aware, "search_space=conv_net")
    assert nas_hydra(monkeypatch, *given, "budget.cost=3x", "hydra.run.dir=a") == 0
    budget = summary("a")["cost"]["budget"]
    assert nas_hydra(monkeypatch, *given, f"budget.cost={budget!r}", "hydra.run.dir=b") == 0
    assert [row["key"] for row in rows(Path("a"))] == [row["key"] for row in rows(Path("b"))]
    assert len(rows(Path("a"))) > 5  # founders are few, and the surrogate chooses


@pytest.mark.parametrize("given", ["0", "-3", "x20", "20y", "nan", "0x", "true", "[1]"])
def test_a_budget_that_is_none_is_refused(search, given):
    code, told = search("run", *COSTS, *SPENT, f"budget.cost={given}")
    assert code == 2
    assert told.count("error:") == 1
    assert "budget.cost: is" in told
    assert "20x" in told
    assert not Path("run/journal.log").exists()


def test_a_budget_needs_a_cost(search):
    code, told = search("run", *SPENT, "budget.cost=60")
    assert code == 2
    assert "say strategy.cost=flops" in told


def test_it_is_told_on_the_page_and_at_the_end(search):
    code, told = search("run", *COSTS, "budget.trials=12")
    assert code == 0
    assert "cost: " in told
    assert "the winner costs" in told
    page = Path("run/report.html").read_text()
    assert "best acc so far by cost" in page
    assert "the winner costs" in page
    assert explain(["nas-hydra-explain", "run=run"]) == 0
    assert "winner costs" in Path("run/explanation.json").read_text()


@pytest.mark.long
def test_searches_are_compared_by_what_they_have_spent(search, capsys):
    counted = ("strategy=random", "strategy.cost=secs", "strategy.cost_aware=null", "report=false")
    for seed in range(3):
        assert search(f"ours{seed}", *COSTS, f"seed={seed}", "report=false")[0] == 0
        assert search(f"random{seed}", *counted, f"seed={seed}")[0] == 0
    folders = [f"{name}{seed}" for name in ("ours", "random") for seed in range(3)]
    words = ["nas-hydra-compare", *folders, "--by", "strategy", "--axis", "cost", "--allow-mixed"]
    assert compare(words) == 0
    found = json.loads(Path("comparison/comparison.json").read_text())
    assert found["axis"] == "cost"
    (task,) = found["tasks"]
    for group in task["groups"]:
        assert group["curves"]["cost"]["points"][-1] > 30
    costs = {run["folder"]: run["cost"] for run in found["runs"]}
    assert costs["random1"] == sum(spent("random1"))
    assert search("blind", "strategy=random", "report=false")[0] == 0
    assert compare(["nas-hydra-compare", "ours0", "blind", "--axis", "cost"]) == 2
    assert "'blind' it is not known what its trials cost" in capsys.readouterr().err


def test_a_search_without_costs_writes_what_it_wrote(search):
    assert search("run", "report=false")[0] == 0
    assert "cost" not in rows(Path("run"))[0]
    assert "cost" not in summary("run")


def test_no_metric_has_the_name_of_the_column(search):
    code, told = search("run", *COSTS, "evaluator.report=[cost]")
    assert code == 2  # the table has no such column
    text = Path("table.csv").read_text().replace("secs", "cost")
    Path("table.csv").write_text(text)
    code, told = search("run", "strategy.cost=cost", "evaluator.report=[cost]")
    assert code == 2
    assert "strategy.cost: is counted in the column 'cost'" in told
