"""What a run with several objectives, or with limits, leaves in its folder."""

import json
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from nas_hydra.front import Front
from nas_hydra.objective import Limit, Objectives
from nas_hydra.report.files import RunFiles
from nas_hydra.report.summary import summarize
from nas_hydra.run import weights_file
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Proposal, Trial, duplicate
from trials import ONE, TWO, complete, search, standing

SPACE = SearchSpace(
    OmegaConf.create({"model": {"width": {"_int_": {"low": 1, "high": 99}, "_name_": "width"}}}),
    parts={"model": ("model",)},
)
LIMITED = Objectives(TWO.optimised, (Limit("params", at_most=100),))


def told() -> list[Trial]:
    """The fourth ousts the first, so that the front is that of trials 1, 2 and 3."""
    values = [(0.5, 5.0), (0.8, 9.0), (0.2, 1.0), (0.7, 2.0)]
    trials = [
        complete(number, acc, {"width": number + 1}, val_loss=loss, params=10.0 * number)
        for number, (acc, loss) in enumerate(values)
    ]
    again = duplicate(Proposal(4, trials[2].proposal.genotype, "random"), trials[2])
    return [*trials, again]


def write(
    folder: Path, upto: int = 5, weights: bool = True, finish: bool = True, objectives=TWO
) -> None:
    """A search of ``upto`` trials; each evaluation leaves its number as weights."""
    run, front = search(folder, objectives=objectives), Front(objectives)
    files = RunFiles(SPACE)
    files.start(run)
    for trial in told()[:upto]:
        if weights and trial.duplicate_of is None:
            torch.save({"trial": torch.tensor(trial.number)}, weights_file(folder, trial.number))
        front.add(trial)
        files.tell(trial, front, recorded=not weights)
    files.finish(*((summarize(run, told(), front), 0) if finish else (None, 130)))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


def kept(folder: Path) -> dict[str, int | str]:
    """What each weights file holds, and each config."""
    weights = {
        file.relative_to(folder).as_posix(): int(torch.load(file, weights_only=True)["trial"])
        for file in folder.rglob("*.ckpt")
    }
    configs = {
        file.relative_to(folder).as_posix(): OmegaConf.load(file).model.width
        for file in folder.rglob("*.yaml")
    }
    return weights | configs


WHOLE = {
    **{"pareto/1.ckpt": 1, "pareto/2.ckpt": 2, "pareto/3.ckpt": 3, "best.ckpt": 3},
    **{"pareto/1.yaml": 2, "pareto/2.yaml": 3, "pareto/3.yaml": 4, "best.yaml": 4},
}


def test_every_member_of_the_front_has_its_files_and_the_knee_is_the_best(folder):
    write(folder)
    assert kept(folder) == WHOLE
    assert not (folder / "weights").exists()


def test_an_interrupted_search_has_the_files_of_its_front(folder):
    write(folder, upto=2, finish=False)
    assert kept(folder) == {
        **{"pareto/0.ckpt": 0, "pareto/1.ckpt": 1, "best.ckpt": 1},
        **{"pareto/0.yaml": 1, "pareto/1.yaml": 2, "best.yaml": 2},
    }
    assert (folder / "pareto.svg").exists()


@pytest.mark.parametrize("upto", range(6))
def test_a_resumed_search_ends_with_the_same_files(folder, tmp_path, upto):
    """Resumed after ``upto`` trials, whose weights the second process does not make again."""
    write(tmp_path / "whole")
    write(folder, upto=upto, finish=False)
    for trial in told()[upto:4]:
        torch.save({"trial": torch.tensor(trial.number)}, weights_file(folder, trial.number))
    write(folder, weights=False)
    assert kept(folder) == WHOLE
    for name in ("trials.csv", "summary.json", "pareto.svg"):
        assert (folder / name).read_text() == (tmp_path / "whole" / name).read_text()


def test_the_summary_has_the_front_its_hypervolume_and_the_reference(folder):
    write(folder)
    summary = json.loads((folder / "summary.json").read_text())
    assert [one["trial"] for one in summary["pareto"]] == [1, 2, 3]
    assert summary["best"] == summary["pareto"][2]
    assert summary["chosen"]["by"] == "knee"
    assert summary["pareto"][0]["values"] == {"val_acc": 0.8, "val_loss": 9.0, "params": 10.0}
    assert summary["reference"] == {"val_acc": 0.2, "val_loss": 9.0}
    assert summary["hypervolume"] == pytest.approx((0.7 - 0.2) * (9 - 2))
    assert summary["objectives"] == {"val_acc": "maximize", "val_loss": "minimize"}
    assert "limits" not in summary


def test_a_summary_with_limits_names_them_and_counts_who_breaks_them(tmp_path):
    run = search(tmp_path / "run", objectives=Objectives(ONE.optimised, (Limit("params", 15),)))
    summary = summarize(run, told(), standing(*told(), objectives=run.objectives))
    assert summary["limits"] == {"params": {"at_least": 15}}
    assert summary["trials"]["infeasible"] == 2
    assert (summary["best"]["trial"], summary["best"]["violation"]) == (3, 0.0)
    assert "pareto" not in summary


def test_a_front_that_nothing_is_feasible_for_is_empty(tmp_path):
    limited = Objectives(TWO.optimised, (Limit("params", at_least=60),))
    run = search(tmp_path / "run", objectives=limited)
    summary = summarize(run, told(), standing(*told(), objectives=limited))
    assert (summary["best"]["trial"], summary["best"]["violation"]) == (3, 0.5)
    assert (summary["pareto"], summary["hypervolume"], summary["reference"]) == ([], 0.0, {})
