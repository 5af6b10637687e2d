"""``nas-hydra-explain`` as it is typed: what it prints, writes, refuses, and its exit codes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command import SMALL, nas_hydra
from explain.known import search, truth
from isolation import isolated
from nas_hydra.cli.explain import run as explain

FILES = ["explanation.html", "explanation.json"]
RANDOM = ("strategy=random", "budget.trials=40")


@pytest.fixture
def command(capsys):
    """Runs the command; its exit code, output and errors."""

    def typed(*words: str) -> tuple[int, str, str]:
        code = explain(["nas-hydra-explain", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return typed


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searched")
    with isolated(folder) as patch:
        search(patch, *RANDOM)
    return folder


@pytest.fixture
def run(searched, tmp_path):
    """A search, copied for a test of its own."""
    shutil.copytree(searched, tmp_path, dirs_exist_ok=True)
    return Path("run")


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("explanation.*"))


def test_from_a_run_to_its_explanation(run, command):
    before = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
    code, out, err = command("run=run")
    assert (code, err) == (0, "")
    assert "What matters most for acc" in out
    assert written(run) == FILES
    assert {path: path.read_bytes() for path in before} == before
    found = json.loads((run / "explanation.json").read_text())
    assert found["objective"] == "acc"
    assert found["winner"]["trial"] == found["lineage"][-1]["trial"]
    assert found["ablation"]["steps"][-1]["candidate"]["genotype"] == found["winner"]["genotype"]


def test_it_is_the_same_every_time_and_goes_where_it_is_told(run, command):
    for place in ("one", "two/three"):
        assert command("run=run", f"output={place}")[0] == 0
    assert written(run) == []
    for name in FILES:
        assert Path("one", name).read_bytes() == Path("two/three", name).read_bytes()


def test_what_was_never_measured_is_trained_on_demand(run, command):
    """With a table, it is looked up; then every step is known, and adds up to the winner."""
    assert command("run=run", "train=true", "start=default")[0] == 0
    way = json.loads((run / "explanation.json").read_text())["ablation"]
    steps = way["steps"]
    assert {step["source"] for step in steps} <= {"measured", "trained"}
    assert "trained" in {
        step["candidate"]["source"] for step in [*steps, {"candidate": way["start"]}]
    }
    for step in steps:
        assert step["candidate"]["value"] == pytest.approx(
            truth(**step["candidate"]["genotype"]), abs=1.5
        )
    gained = way["start"]["value"] + sum(step["difference"] for step in steps)
    assert gained == pytest.approx(steps[-1]["candidate"]["value"])


def test_a_table_with_other_values_is_not_mixed_with_what_was_looked_up(
    run, command, monkeypatch, capsys
):
    table = next(Path().glob("*.csv"))
    table.write_text(table.read_text() + "\n")
    code, _, err = command("run=run", "train=true", "start=default")
    assert code == 2
    assert f"train: cannot be done as the search did, since its data has changed: '{table}'" in err
    assert written(run) == []
    assert command("run=run")[0] == 0


def test_a_trial_to_start_from(run, command):
    assert command("run=run", "start=7")[0] == 0
    way = json.loads((run / "explanation.json").read_text())["ablation"]
    assert (way["origin"], way["start"]["trial"]) == ("trial 7", 7)


def test_a_space_that_refers_to_what_the_run_was(monkeypatch, command, capsys):
    search(monkeypatch, *RANDOM, "+search_space.model.place=${hydra:runtime.cwd}")
    capsys.readouterr()
    code, _, err = command("run=run")
    assert (code, err) == (0, "")


def test_one_of_several_objectives(monkeypatch, command, capsys):
    both = ("evaluator.value=[acc,loss]", "+objective.loss=minimize")
    search(monkeypatch, *both, "strategy=nsga2", "budget.trials=40")
    capsys.readouterr()
    code, out, _ = command("run=run", "objective=loss")
    assert code == 0
    assert "What matters most for loss" in out
    assert "The search has 2 objectives." in out
    code, _, err = command("run=run", "objective=los")
    assert (code, err) == (
        2,
        "error: objective: is 'los'; allowed: 'acc', 'loss'; did you mean 'loss'?\n",
    )


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "error: run: is missing; say run=..."),
        (
            ("run=nowhere",),
            "error: run: nowhere holds no .hydra/config.yaml; give the folder of one",
        ),
        (("run=run", "start=999"), "error: start: trial 999 is none of the complete ones"),
        (("run=run", "start=middle"), "error: start: is 'middle'; "),
        (("run=run", "trian=true"), "error: trian: is nothing that can be said here; allowed: "),
        (("run=run", "project=nas"), "error: project: is where a W&B report goes; say wandb=true"),
        (("run=run", "output=known.csv/x"), "error: output: cannot write into known.csv/x"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(run, command, words, problem):
    code, _, err = command(*words)
    assert code == 2
    assert err.startswith(problem)
    assert len(err.splitlines()) == 1
    assert written(run) == []


def test_too_little_to_explain(monkeypatch, command, capsys):
    search(monkeypatch, "strategy=random", "budget.trials=4")
    capsys.readouterr()
    code, _, err = command("run=run")
    assert code == 2
    assert "run has 4 complete candidates, too few" in err
    assert "it takes 10. Go on with it with a larger budget.trials" in err


@pytest.mark.long
def test_a_table_is_explained_without_torch(run):
    script = (
        "import sys; from nas_hydra.cli.explain import run;"
        "code = run(['nas-hydra-explain', 'run=run']); assert 'torch' not in sys.modules;"
        "sys.exit(code)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


@pytest.mark.long
def test_a_trained_search_tells_cheaper_neighbours_and_fits_a_phone(
    monkeypatch, command, capsys, browser
):
    overrides = ("strategy=random", "budget.trials=12", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *SMALL, *overrides) == 0
    capsys.readouterr()
    assert command("run=run")[0] == 0
    found = json.loads(Path("run/explanation.json").read_text())
    for one in found["neighbours"]:
        assert min(one["flops_share"], one["params_share"]) <= -0.01
        assert one["changed"]
    for width in (1280, 390):
        browser.open(Path("run/explanation.html").absolute(), width=width)
        assert browser.complaints == []
        assert browser.run("return document.documentElement.scrollWidth") == width
    assert browser.requests == [Path("run/explanation.html").absolute().as_uri()]
    plots = browser.run("return document.querySelectorAll('.plot .main-svg').length")
    assert plots >= 3
