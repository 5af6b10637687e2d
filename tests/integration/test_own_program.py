"""Searches with functions and programs of one's own: what docs/own-program.md shows, and more."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from command import nas_hydra, rows
from nas_hydra.cli.compare import run as compare
from nas_hydra.cli.explain import run as explain
from nas_hydra.cli.retrain import run as retrain
from nas_hydra.evaluator.code import source_of
from tracker.wandb_file import read_runs

TEXT = (Path(__file__).parents[2] / "docs/own-program.md").read_text()
FILES = dict(re.findall(r"```\w+\n# (\S+\.\w+)\n(.*?)```", TEXT, re.DOTALL))
COMMANDS = re.findall(r"```sh\n(nas-hydra .*?)\n```", TEXT, re.DOTALL)
FUNCTION, PROGRAM, SCORE, TRAINING, TRAINING_PROGRAM = ([*shlex.split(one)[1:]] for one in COMMANDS)
SMALL = ("engine=serial", "tracker=none", "report=false", "budget.trials=3", "hydra.run.dir=run")


@pytest.fixture
def search(monkeypatch, tmp_path, own_modules, capsys):
    """The exit code of a search beside the documentation's files, and what it told."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    source_of.cache_clear()

    def run(*words: str) -> tuple[int, str]:
        here = [word.replace("'python ", f"'{sys.executable} -S ") for word in words]
        code = nas_hydra(monkeypatch, *here)
        return code, capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    ("words", "metric"), [(FUNCTION, "loss"), (PROGRAM, "loss"), (SCORE, "score")]
)
def test_what_the_documentation_shows_works(words, metric, search):
    assert search(*words, *SMALL)[0] == 0
    table = rows(Path("run"))
    assert [row["state"] for row in table] == ["complete"] * 3
    best = OmegaConf.load("run/best.yaml")
    assert set(best) == {"model"}
    assert best.model.seed == 3
    winner = json.loads(Path("run/summary.json").read_text())["best"]
    better = max if metric == "score" else min
    assert winner["values"][metric] == better(float(row[metric]) for row in table)


@pytest.mark.parametrize("words", [TRAINING, TRAINING_PROGRAM])
def test_and_so_do_trainings_that_go_on(words, search):
    assert search(*words, *SMALL, "budget.trials=8")[0] == 0
    table = rows(Path("run"))
    assert {row["state"] for row in table} == {"complete"}
    went_on = [row for row in table if row["continues"]]
    assert {(row["epochs"], row["fidelity"]) for row in went_on} >= {("2", "3")}


def test_values_may_be_typed_and_metrics_reported(search):
    values = "search_space.model={lr:{_float_:{low:1e-4,high:1,log:true},_name_:lr},trees:50}"
    typed = [word for word in FUNCTION if word != "search_space=mine"]
    assert search(*typed, values, "evaluator.report=[cost]", *SMALL)[0] == 0
    assert {row["cost"] for row in rows(Path("run"))} == {"5.0"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["objective.los=minimize", "~objective.loss"], "3 of them: 'los' is not among what it"),
        (["evaluator.function=my_module.math"], "evaluator.function: 'my_module.math' is a module"),
        (["evaluator.function=yours.evaluate"], "evaluator.function: 'yours.evaluate' does not im"),
        (["~objective.loss"], "objective: names no metric; say which one"),
        (["evaluator.report=[seconds]"], "evaluator.report: 'seconds' is a column of trials.csv"),
        (["objective.lr=minimize"], "objective.lr: 'lr' is a column of trials.csv already"),
        (["search_space=values"], "search_space.model: has no value yet"),
        (["dataset=digits"], "dataset: is read by nobody here"),
        (["optimizer.lr={_float_:{low:0.1,high:1}}"], "optimizer.lr: is open, but the evaluator"),
    ],
)
def test_a_wrong_search_is_told_in_one_line(words, told, search):
    code, said = search(*FUNCTION, *SMALL, *words)
    assert code == (1 if "of them" in told else 2)
    assert told in said.splitlines()[-1]


def test_a_program_that_is_not_there_is_told_before_anything_runs(search):
    code, said = search(*PROGRAM, *SMALL, "evaluator.command='no_such_program {overrides}'")
    assert (code, Path("run").exists()) == (2, False)
    assert "error: evaluator.command: 'no_such_program' is no program that is found" in said


@pytest.mark.parametrize(("words", "file"), [(FUNCTION, "my_module.py"), (PROGRAM, "train.py")])
def test_a_search_goes_on_with_the_same_code_only(words, file, search):
    assert search(*words, *SMALL, "strategy=random")[0] == 0
    before = rows(Path("run"))
    assert search(*words, *SMALL, "strategy=random", "budget.trials=4")[0] == 0
    assert rows(Path("run"))[:3] == before
    Path(file).write_text(Path(file).read_text() + "# changed\n")
    source_of.cache_clear()
    code, said = search(*words, *SMALL, "strategy=random", "budget.trials=5")
    name = file if words is PROGRAM else "module my_module"
    told = f"folder: holds a search that was begun with other files: '{name}' has other content"
    assert (code, told in said) == (2, True)


@pytest.mark.parametrize("words", [FUNCTION, PROGRAM])
def test_there_is_nothing_to_retrain(words, search, capsys):
    assert search(*words, *SMALL)[0] == 0
    assert retrain(["nas-hydra-retrain", "run=run"]) == 2
    assert "there is nothing to retrain; best.yaml has what has won" in capsys.readouterr().err


@pytest.mark.long
def test_a_strangers_code_is_run_only_if_that_is_said(search, capsys):
    many = ("strategy=random", "budget.trials=12")
    for words, trust in ((FUNCTION, "my_module"), (PROGRAM, "nas_hydra.evaluator.command")):
        run = f"run={trust.rpartition('.')[2]}"
        assert search(*words, *SMALL, *many, f"hydra.run.dir={run[4:]}")[0] == 0
        for more, code in ((), 0), (["train=true"], 2), (["train=true", f"trust=[{trust}]"], 0):
            assert explain(["nas-hydra-explain", run, *more]) == code
            assert (f"trust=[{trust}]" in capsys.readouterr().err) == (code == 2)


@pytest.mark.long
@pytest.mark.parametrize("words", [FUNCTION, PROGRAM])
def test_every_engine_strategy_record_and_tracker_takes_them(words, search, monkeypatch):
    ahead = ("engine.ahead=2", "budget.trials=4")
    for strategy in ("evolution", "tpe", "surrogate_evolution"):
        run = (f"strategy={strategy}", *ahead)
        assert search(*words, *SMALL, *run, f"hydra.run.dir={strategy}")[0] == 0
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6")
    pool = ("engine=processes", "engine.workers=2", "engine.gpus_per_trial=1", *ahead)
    assert search(*words, *SMALL, *pool, "hydra.run.dir=pool", "report=true")[0] == 0
    assert rows(Path("pool")) == rows(Path("evolution"))
    assert search(*words, *SMALL, "record=memory", "hydra.run.dir=memory")[0] == 0
    offline = ("tracker=wandb", "tracker.mode=offline", "hydra.run.dir=wandb")
    assert search(*words, *SMALL, *offline)[0] == 0
    assert len(read_runs(Path("wandb"))[0].history) == 3
    assert compare(["nas-hydra-compare", "evolution", "tpe"]) == 0


@pytest.mark.long
def test_each_program_of_a_pool_has_a_gpu_of_its_own_and_ends_in_time(search, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6")
    Path("gpu.py").write_text(
        "import os, sys, time\n"
        "print('{\"gpu\": %s}' % os.environ['CUDA_VISIBLE_DEVICES'], flush=True)\n"
        "time.sleep(60 if os.environ['NAS_HYDRA_TRIAL'] == '2' else 0.5)\n"
    )
    words = ("evaluator.command='python gpu.py'", "~objective.loss", "objective.gpu=maximize")
    pool = ("engine=processes", "engine.workers=2", "trial.timeout=3", "strategy=random")
    assert search(*PROGRAM, *SMALL, *words, *pool)[0] == 0
    table = rows(Path("run"))
    assert [row["gpu"] for row in table[:2]] in (["5.0", "6.0"], ["6.0", "5.0"])
    assert "trial.timeout: ended after 3" in table[2]["error"]
