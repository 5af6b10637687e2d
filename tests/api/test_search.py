"""``nas_hydra.search``: the command's search in one call, which leaves its host alone."""

import subprocess
import sys
from multiprocessing import current_process
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_module
from pandas import read_csv

import nas_hydra
from api.host import state
from command import SMALL, rows
from command import nas_hydra as typed
from nas_hydra.artifact import read_artifact
from nas_hydra.errors import ConfigError, SearchFailedError


def test_importing_the_package_imports_nothing_else():
    code = """
import sys
import nas_hydra
HEAVY = ("torch", "hydra", "optuna", "pandas")
print([name for name in sys.modules if name.split(".")[0] in HEAVY])
print("search" in dir(nas_hydra), hasattr(nas_hydra, "nothing"))
"""
    shown = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert shown.stdout == "[]\nTrue False\n"


def test_it_finds_what_the_command_finds(monkeypatch):
    result = nas_hydra.search([*SMALL, "hydra.run.dir=api"])
    assert typed(monkeypatch, *SMALL, "hydra.run.dir=command") == 0
    assert rows(Path("api")) == rows(Path("command"))
    assert result.folder == Path("api").absolute()
    files = {path.name for path in Path("command").iterdir()} - {"nas-hydra.log"}
    assert {path.name for path in Path("api").iterdir()} == files
    best = max(result.told, key=lambda trial: trial.values["val_acc"])
    assert result.best.values == best.values
    assert result.front == [result.best]


def test_progress_is_told_but_not_what_to_type_and_nothing_where_it_is_to_be_quiet(capsys):
    nas_hydra.search([*SMALL, "hydra.run.dir=run"])
    told = capsys.readouterr()
    assert "winner: trial" in told.err
    assert "next" not in told.err + told.out
    nas_hydra.search([*SMALL, "hydra.run.dir=quiet"], quiet=True)
    assert capsys.readouterr() == ("", "")


def test_the_trials_are_a_table_like_trials_csv():
    result = nas_hydra.search(overrides=[*SMALL, "hydra.run.dir=run"])
    written = read_csv("run/trials.csv")
    assert list(result.trials) == list(written)
    assert result.trials["val_acc"].tolist() == pytest.approx(written["val_acc"].tolist())
    assert result.trials["key"].tolist() == written["key"].tolist()
    missing = result.trials["kernel_size[4]"].isna().tolist()
    assert missing == written["kernel_size[4]"].isna().tolist()


def test_the_host_stays_as_it_was():
    assert nas_hydra.search  # its first use imports libraries, which set up their own loggers
    before = state()
    nas_hydra.search([*SMALL, "hydra.run.dir=run"])
    assert state() == before
    with pytest.raises(ConfigError):
        nas_hydra.search(["search_space=nothing"])
    assert state() == before


@pytest.mark.long
def test_a_finished_search_is_read_and_a_larger_budget_goes_on_with_it():
    first = nas_hydra.search([*SMALL, "hydra.run.dir=run"])
    again = nas_hydra.search([*SMALL, "hydra.run.dir=run"])
    assert [trial.values for trial in again.told] == [trial.values for trial in first.told]
    assert [trial.seconds for trial in again.told] == [trial.seconds for trial in first.told]
    more = nas_hydra.search([*SMALL, "hydra.run.dir=run", "budget.trials=4"])
    assert [trial.key for trial in more.told[:3]] == [trial.key for trial in first.told]
    assert len(more.trials) == 4


def test_a_finished_search_is_that_of_its_budget_and_gets_its_page():
    nas_hydra.search([*SMALL, "hydra.run.dir=run"])
    fewer = [*SMALL, "hydra.run.dir=run", "budget.trials=2"]
    assert len(nas_hydra.search(fewer).told) == 2
    assert not Path("run/report.html").exists()
    assert len(nas_hydra.search([*fewer, "report=true"]).told) == 2
    assert "2 of 2" in Path("run/report.html").read_text()


def test_a_finished_search_whose_summary_is_gone_writes_it_again():
    first = nas_hydra.search([*SMALL, "hydra.run.dir=run"])
    Path("run/summary.json").unlink()
    again = nas_hydra.search([*SMALL, "hydra.run.dir=run"])
    assert [trial.seconds for trial in again.told] == [trial.seconds for trial in first.told]
    assert Path("run/summary.json").is_file()


def test_a_config_that_the_host_composed():
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        own = [*SMALL, "hydra.run.dir=run"]
        config = compose("config", overrides=own, return_hydra_config=True)
        result = nas_hydra.search(config, overrides=["budget.trials=2"])
    assert len(result.told) == 2
    assert "hydra" in config  # which is the host's, and not changed
    del config._content["hydra"]
    with pytest.raises(ConfigError, match="config: has no hydra node"):
        nas_hydra.search(config)


def test_a_space_of_ones_own():
    Path("mine/search_space").mkdir(parents=True)
    Path("mine/search_space/tiny.yaml").write_text("""
model:
  _target_: torch.nn.Sequential
  _args_:
    - {_target_: torch.nn.Flatten}
    - {_target_: torch.nn.LazyLinear, out_features: {_choice_: [16, 32], _name_: width}}
    - {_target_: torch.nn.LazyLinear, out_features: 10}
""")
    overrides = [*SMALL, "search_space=tiny", "strategy=random", "budget.trials=2"]
    result = nas_hydra.search(overrides, config_dir="mine")
    assert set(result.trials["width"]) <= {16, 32}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("search_space=conv_nat", "there is no option 'conv_nat'.*did you mean 'conv_net'"),
        ("budget.trials=0", "budget.trials: is 0"),
        ("trainer.max_epoch=1", "trainer.max_epoch"),
    ],
)
def test_a_wrong_config_is_told_like_the_commands_and_writes_nothing(wrong, message):
    with pytest.raises(ConfigError, match=message):
        nas_hydra.search([*SMALL, wrong, "hydra.run.dir=run"])
    assert not Path("run").exists()


def test_a_search_that_comes_to_nothing():
    with pytest.raises(SearchFailedError, match="none of 3 trials was completed"):
        nas_hydra.search([*SMALL, "optimizer.lr=1e30"])


@pytest.mark.long
def test_workers_import_the_script_that_starts_them():
    search = f"nas_hydra.search({[*SMALL[1:], 'engine.workers=1']!r})"
    code = f"import nas_hydra\nif __name__ == '__main__':\n    print(len({search}.trials))\n"
    Path("script.py").write_text(code)
    shown = subprocess.run([sys.executable, "script.py"], text=True, capture_output=True)
    assert shown.stdout.splitlines()[-1:] == ["3"], shown.stderr


def test_a_script_without_a_guard_does_not_begin_anew_in_each_worker(monkeypatch):
    monkeypatch.setattr(current_process(), "_inheriting", True, raising=False)  # as in a worker
    with pytest.raises(ConfigError, match="below if __name__ == '__main__':"):
        nas_hydra.search([*SMALL])


def test_the_winner_is_retrained():
    result = nas_hydra.search([*SMALL, "hydra.run.dir=run"])
    before = state()
    model = result.retrain(["trainer.max_epochs=2"], seeds=1, baseline="none", random=False)
    assert state() == before
    assert model.folder == result.folder / "retrain"
    assert model.trial == result.best.number
    assert 0 <= model.results[0].metrics["test_acc"].mean <= 1
    assert read_artifact(model.folder).model()(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


@pytest.mark.long
def test_the_winner_is_explained():
    result = nas_hydra.search([*SMALL, "budget.trials=12", "strategy=random"])
    before = state()
    explanation = result.explain()
    assert state() == before
    assert explanation.winner.trial == result.best.number
    assert sum(one.share for one in explanation.importances) > 0
