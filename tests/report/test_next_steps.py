"""What is offered after a search."""

import shlex
from pathlib import Path

import pytest

from nas_hydra.report.next_steps import MEMORY, TRAIN, next_steps
from nas_hydra.run import Run
from nas_hydra.shell import pasteable
from trials import TWO, search

TRAINED = {"evaluator": {"_target_": TRAIN[0]}, "record": {"_target_": "journal"}}
SEARCHED = {"trials": {"complete": 12, "duplicates_saved": 2}}
FEW = {"trials": {"complete": 11, "duplicates_saved": 2}}


@pytest.fixture(autouse=True)
def typed(monkeypatch):
    monkeypatch.setattr("sys.argv", ["nas-hydra"])
    monkeypatch.delenv("PYTHONPATH", raising=False)


def commands(summary=SEARCHED, config=TRAINED, **changes) -> list[str]:
    run: Run = search(Path("run 1").absolute(), config=config, **changes)
    return [*next_steps(run, summary).values()]


def test_a_search_is_retrained_explained_and_compared():
    assert commands(command="nas-hydra --config-dir my hydra.run.dir=x 'name=a b' seed=3") == [
        "nas-hydra-retrain 'run=run 1'",
        "nas-hydra-explain 'run=run 1'",
        "nas-hydra -m --config-dir my strategy=random,evolution seed=0,1,2,3,4,5,6 'name=a b'",
    ]


def test_other_strategies_are_compared_with_random_search():
    choices = {"strategy": "tpe"}
    assert "strategy=tpe,random" in commands(choices=choices, command="nas-hydra strategy=tpe")[-1]
    assert "strategy=random,nsga2" in commands(objectives=TWO)[-1]


def test_settings_of_a_strategy_are_not_lost():
    typed = "nas-hydra strategy=evolution strategy.population_size=9 seed=3"
    assert commands(command=typed)[-1] == (
        "nas-hydra -m seed=0,1,2,3,4,5,6 strategy=evolution strategy.population_size=9"
    )


def test_what_cannot_work_is_not_offered(tmp_path):
    table = {**TRAINED, "evaluator": {"_target_": "nas_hydra.evaluator.tabular.TableEvaluator"}}
    own = {**TRAINED, "evaluator": {"_target_": "random.Random"}}
    lost = {**TRAINED, "record": {"_target_": MEMORY}}
    programs = {
        name: [command.split()[0] for command in found]
        for name, found in {
            "table": commands(config=table),
            "own": commands(config=own),
            "lost": commands(config=lost),
            "few": commands(FEW),
            "nothing open": commands(genes=[]),
        }.items()
    }
    assert programs == {
        "table": ["nas-hydra-explain", "nas-hydra"],
        "own": ["nas-hydra-explain", "nas-hydra"],
        "lost": ["nas-hydra"],
        "few": ["nas-hydra-retrain", "nas-hydra"],
        "nothing open": ["nas-hydra-retrain", "nas-hydra"],
    }


@pytest.mark.usefixtures("own_modules")
def test_modules_and_records_of_ones_own_are_named():
    Path("nets_of_mine.py").write_text("def net(): ...\n")
    model = {"_target_": {"_choice_": {"a": "nets_of_mine.net", "b": "torch.nn.Linear"}}}
    url = "record.storage.url=${oc.env:DB}"
    first = commands(config={**TRAINED, "model": model}, command=f"nas-hydra '{url}'")[0]
    assert shlex.split(first)[1:] == ["run=run 1", "trust=[nets_of_mine]", url]
    for flag in ("--config-dir mine", "--config-dir=mine", "-cd mine"):
        typed = f"nas-hydra {flag} seed=1"
        first = commands(config={**TRAINED, "model": model}, command=typed)[0]
        assert shlex.split(first)[1:] == ["run=run 1", "trust=[nets_of_mine]", "config_dir=mine"]


def test_a_pasted_command_finds_the_users_modules_and_our_programs(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "my code:.")
    assert pasteable("nas-hydra seed=1") == "PYTHONPATH='my code:.' nas-hydra seed=1"
    monkeypatch.delenv("PYTHONPATH")
    programs = tmp_path / "its bin"
    programs.mkdir()
    for name in ("nas-hydra", "nas-hydra-retrain"):
        (programs / name).write_text("")
        (programs / name).chmod(0o755)
    monkeypatch.setattr("sys.argv", ["its bin/nas-hydra"])
    assert pasteable("nas-hydra-retrain run=x") == "'its bin/nas-hydra-retrain' run=x"
    monkeypatch.setenv("PATH", str(programs))
    assert pasteable("nas-hydra-retrain run=x") == "nas-hydra-retrain run=x"
