"""Schedulers on the command line: what refers to the length of a training follows it everywhere."""

from pathlib import Path

import pytest
import yaml
from hydra.utils import instantiate
from omegaconf import OmegaConf

from command import SMALL, nas_hydra, rows
from nas_hydra.cli.compare import run as compare
from nas_hydra.cli.retrain import run as retrain

TOTAL = "${trainer.total_steps}"
LINEAR = "{_target_:torch.optim.lr_scheduler.LinearLR,_partial_:true}"
ALONE = ("seeds=1", "baseline=none", "random=false")


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search of batch sizes, each of which takes another number of steps."""
    folder = tmp_path_factory.mktemp("searched") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder.parent)
        opened = "dataset.batch_size={_choice_:[10,20,40]}"
        words = (opened, "search_space=mlp", "scheduler=onecycle", f"hydra.run.dir={folder}")
        assert nas_hydra(patch, *SMALL, *words) == 0
    return folder


def typed(capsys, *words: str) -> tuple[int, str]:
    code = retrain(["nas-hydra-retrain", *words])
    return code, capsys.readouterr().err


def test_every_candidate_has_its_own_number_of_steps(searched):
    found = rows(searched)
    assert len({row["dataset.batch_size"] for row in found}) > 1
    assert {row["state"] for row in found} == {"complete"}


def test_the_winners_config_is_plain_yaml(searched):
    plain = OmegaConf.to_container(OmegaConf.load(searched / "best.yaml"), resolve=True)
    assert "total_steps" not in plain["trainer"]
    assert plain["scheduler"]["total_steps"] == "trainer.total_steps"
    assert instantiate(plain["scheduler"]).keywords["max_lr"] == 0.003


def test_a_comparison_knows_the_setting(searched, capsys):
    code = compare(["nas-hydra-compare", str(searched), "--by", "scheduler.total_steps"])
    assert code == 2
    assert "is 'trainer.total_steps' in every run" in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.parametrize("scheduler", ["onecycle", "warmup_cosine", "plateau", "cosine"])
def test_a_retraining_counts_anew(scheduler, searched, capsys, tmp_path):
    words = ("trainer.max_epochs=2", f"scheduler={scheduler}", f"folder={tmp_path / 'model'}")
    code, said = typed(capsys, f"run={searched}", *ALONE, *words)
    assert code == 0, said


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["scheduler.total_steps=1"], "scheduler: lasts 1 steps, and training takes"),
        (["trainer.max_epochs=-1", "+trainer.max_time={seconds: 5}"], "trainer.max_epochs: is -1"),
        (["scheduler=plateau", "scheduler.monitor=val_los"], "did you mean 'val_loss'?"),
    ],
    ids=str,
)
def test_a_retraining_is_refused_before_it_begins(words, problem, searched, capsys):
    code, said = typed(capsys, f"run={searched}", *ALONE, *words)
    assert code == 2
    assert problem in said


@pytest.mark.long
def test_a_run_of_an_earlier_version_differs_by_nothing_and_may_be_retrained_with_it(
    monkeypatch, capsys
):
    for folder in ("run", "later"):
        words = ("search_space=mlp", "budget.trials=1", f"hydra.run.dir={folder}")
        assert nas_hydra(monkeypatch, *SMALL, *words) == 0
    file = Path("run/.hydra/config.yaml")
    config = yaml.safe_load(file.read_text())
    assert config["trainer"].pop("total_steps") == "trainer.total_steps"
    file.write_text(yaml.safe_dump(config))
    assert compare(["nas-hydra-compare", "run", "later"]) == 0
    assert "total_steps" not in capsys.readouterr().out
    code, said = typed(capsys, "run=run", *ALONE, "scheduler=warmup_cosine")
    assert code == 0, said


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["+trainer.total_steps=9"], "trainer.total_steps: is 9, but it is counted"),
        (
            [f"optimizer.lr={TOTAL}"],
            "optimizer: has a value that refers to trainer.total_steps",
        ),
        (
            ["scheduler=none", f"+scheduler={LINEAR}", f"+scheduler.total_iters='a * {TOTAL}'"],
            "scheduler.total_iters: is 'a * trainer.total_steps'",
        ),
    ],
    ids=str,
)
def test_what_is_counted_is_not_set(words, problem, monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *SMALL, "search_space=mlp", *words) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.long
def test_lengths_may_be_computed_and_open(monkeypatch):
    words = (
        "search_space=mlp",
        "scheduler=none",
        f"+scheduler={LINEAR}",
        f"+scheduler.total_iters='0.5 * {TOTAL}'",
        "+scheduler.interval={_choice_:[step]}",
        "hydra.run.dir=run",
    )
    assert nas_hydra(monkeypatch, *SMALL, *words) == 0
    assert {row["state"] for row in rows(Path("run"))} == {"complete"}
    options = (
        "'{_choice_:[{_target_:torch.optim.lr_scheduler.OneCycleLR,_partial_:true,max_lr:0.1,"
        f'total_steps:"{TOTAL}"}},{{}}]}}\''
    )
    words = ("search_space=mlp", "~scheduler", f"+scheduler={options[1:-1]}")
    assert nas_hydra(monkeypatch, *SMALL, *words) == 0
