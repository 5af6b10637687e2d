"""Sweeps that compare themselves, failing jobs in them, and what a sweeper of Hydra's is told."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from hydra.core.plugins import Plugins

from command import nas_hydra
from integration.cells import CELLS, write_cells

SWEEP = ("-m", *CELLS, "hydra.sweep.dir=sweep", "budget.trials=6")
PLUGIN = ("hydra/sweeper=keeping", "--config-dir", "conf")
FILES = ["comparison.html", "comparison.json", "comparison.md"]
EVOLUTION = ("strategy=regularized_evolution", "strategy.parents.size=2")
SWEEPER = '''
from hydra.plugins.sweeper import Sweeper

class Keeping(Sweeper):
    """Runs two jobs one after the other, as one that learns does, and keeps what they return."""

    returned = []

    def setup(self, *, hydra_context, task_function, config):
        from hydra.core.plugins import Plugins
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments):
        for number, size in enumerate((4, 0)):
            job = [*arguments, f"strategy.population_size={size}"]
            (found,) = self.launcher.launch([job], initial_job_idx=number)
            try:
                self.returned.append(found.return_value)
            except Exception as error:
                self.returned.append(type(error).__name__)
'''


@pytest.fixture(autouse=True)
def table(tmp_path):
    write_cells(tmp_path / "cells.csv")


def written() -> list[str]:
    return sorted(path.name for path in Path("sweep").glob("comparison.*"))


def comparison() -> dict:
    return json.loads(Path("sweep/comparison.json").read_text())


def test_a_sweep_ends_with_its_comparison(monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *SWEEP, "strategy=random,evolution", "seed=0,1") == 0
    assert written() == FILES
    printed, told = capsys.readouterr()
    assert told == "a sweep, in sweep\n"
    names = [f"/{one}-nasbench201-acc-{seed}-" for one in ("random", "evolution") for seed in "01"]
    assert all(map(str.__contains__, printed.splitlines(), names))
    assert "acc by strategy, 4 runs" in printed
    assert "comparison of this sweep: sweep/comparison.html\n" in printed
    assert printed.endswith("  nas-hydra-compare sweep\n")
    found = comparison()
    assert found["by"] == ["strategy"]
    assert found["command"] == "nas-hydra-compare sweep"
    assert {(run["group"], run["seed"]) for run in found["runs"]} == {
        *(("random", 0), ("random", 1), ("evolution", 0), ("evolution", 1)),
    }
    assert [task["task"] for task in found["tasks"]] == ["nasbench201 on acc"]
    (first,) = Path("sweep").glob("evolution-nasbench201-acc-0-*/summary.json")
    assert found["runs"][0]["value"] == json.loads(first.read_text())["best"]["values"]["acc"]


@pytest.mark.long
def test_the_columns_of_a_table_are_tasks(monkeypatch):
    columns = ("evaluator.value=acc,test", "strategy=random,evolution")
    assert nas_hydra(monkeypatch, *SWEEP, *columns) == 0
    found = comparison()
    assert [task["task"] for task in found["tasks"]] == [
        "nasbench201 on acc",
        "nasbench201 on test",
    ]
    assert found["objective"] == "acc, test"
    assert found["ranking"]["tasks"] == 2


@pytest.mark.long
def test_a_failing_job_stops_no_other_and_the_rest_is_compared(monkeypatch, capsys):
    sizes = (*EVOLUTION, "strategy.population_size=0,4,5")
    assert nas_hydra(monkeypatch, *SWEEP, *sizes) == 2
    printed = capsys.readouterr().err
    assert "error: strategy.population_size: is 0" in printed
    assert "Traceback" not in printed
    groups = {group["group"] for group in comparison()["tasks"][0]["groups"]}
    assert groups == {"population_size=4", "population_size=5"}


@pytest.mark.long
def test_a_failing_batch_stops_no_later_one(monkeypatch):
    sizes = (*EVOLUTION, "strategy.population_size=0,4")
    assert nas_hydra(monkeypatch, *SWEEP, *sizes, "hydra.sweeper.max_batch_size=1") == 2
    assert len(comparison()["runs"]) == 1


def test_what_cannot_be_compared_is_told_and_is_no_failure(monkeypatch, capsys):
    kept_nowhere = ("strategy=random,evolution", "record=memory")
    assert nas_hydra(monkeypatch, *SWEEP, *kept_nowhere) == 0
    printed = capsys.readouterr().err
    assert "no comparison of this sweep: RUN_DIR: " in printed
    assert "holds no journal.log" in printed
    assert written() == []


def test_the_comparison_can_be_left_out(monkeypatch):
    off = "~hydra.callbacks.comparison"
    assert nas_hydra(monkeypatch, *SWEEP, "strategy=random", "seed=0,1", off) == 0
    assert written() == []


def test_a_single_search_and_a_sweep_of_spaces_are_not_compared(monkeypatch):
    assert nas_hydra(monkeypatch, *CELLS, "strategy=random") == 0
    assert not list(Path().rglob("comparison.*"))


@pytest.fixture
def sweeper(tmp_path, monkeypatch):
    """A sweeper plugin, as Hydra finds one: what its jobs have returned."""
    module = tmp_path / "plugins" / "hydra_plugins" / "keeping.py"
    module.parent.mkdir(parents=True)
    module.write_text(SWEEPER)
    config = tmp_path / "conf" / "hydra" / "sweeper" / "keeping.yaml"
    config.parent.mkdir(parents=True)
    config.write_text("_target_: hydra_plugins.keeping.Keeping\n")
    monkeypatch.syspath_prepend(str(module.parent.parent))
    Plugins.instance()._initialize()  # which looks for plugins once per process
    from hydra_plugins.keeping import Keeping

    yield Keeping.returned
    del sys.modules["hydra_plugins.keeping"]
    shutil.rmtree(module.parent)
    Plugins.instance()._initialize()


def test_a_sweeper_is_given_the_objective_and_told_of_failures(monkeypatch, sweeper):
    assert nas_hydra(monkeypatch, *SWEEP, *EVOLUTION, *PLUGIN) == 2
    (summary,) = Path("sweep").glob("*/summary.json")
    best = json.loads(summary.read_text())["best"]["values"]["acc"]
    assert sweeper == [best, "ConfigError"]


def test_with_several_objectives_it_is_the_hypervolume(monkeypatch, sweeper):
    several = ("evaluator.value=[acc,cost]", "strategy=nsga2")
    assert nas_hydra(monkeypatch, *SWEEP, *several, *PLUGIN) == 2
    (summary,) = Path("sweep").glob("*/summary.json")
    assert sweeper[0] == json.loads(summary.read_text())["hypervolume"]
