"""Flags and overrides of the commands, in any order; what is wrong is one message."""

from pathlib import Path

import pytest

from command import SMALL, nas_hydra


@pytest.fixture
def folder() -> Path:
    """A folder of configs with signs in its name that steer Hydra's grammar or a shell."""
    place = Path("my conf=1")
    (place / "optimizer").mkdir(parents=True)
    (place / "optimizer" / "mine.yaml").write_text("_target_: torch.optim.SGD\nlr: 0.05\n")
    return place


def test_a_flag_may_stand_between_overrides(monkeypatch, capsys, folder):
    words = (
        "seed=1",
        "--config-dir",
        str(folder),
        "optimizer=mine",
        "--cfg",
        "job",
        "report=false",
    )
    assert nas_hydra(monkeypatch, *words) == 0
    printed = capsys.readouterr().out
    assert "seed: 1\n" in printed
    assert "lr: 0.05" in printed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--resolve"], "--resolve: is a part of --cfg"),
        (["--package", "optimizer"], "--package: is a part of --cfg"),
        (["--cfg", "job", "--package", "nope"], "--package: there is no 'nope'"),
        (["--cfg", "all", "-m"], "--multirun and --cfg exclude each other"),
        (["--cfg", "nope"], "argument --cfg"),
        (["--nope"], "--nope"),
        (["--config-dir"], "expected one argument"),
        (["--config-dir", "nope"], "--config-dir: there is no folder"),
        (["--config-dir", "/dev/null"], "--config-dir: there is no folder"),
        (["--config-name", "nope"], "nope: there is no such config"),
        (["--config-path", "nope"], "/nope' exists"),
        (["--experimental-rerun", "x"], "--experimental-rerun: is not known here"),
        (["-m", "optimizer=sgd,nope"], "optimizer: there is no option 'nope'"),
        (["-m", "optimizer=sgd,null"], "optimizer: is null"),
        (["-m", "seed=range(1000000000)"], "seed: makes a sweep of 1,000,000,000 searches"),
        (["-m", "seed=range(0,1,1e-9)"], "seed: makes a sweep of 1,000,000,000 searches"),
        (["-m", "seed=range(99)", "trainer.max_epochs=range(99)"], "a sweep of 9,801 searches"),
        (["-m", "seed=range(0)"], "seed: is a sweep over no value"),
        (["-m", "seed=range(0,1,0)"], "seed: is a range whose step is 0"),
        (["-m", "hydra.sweep.dir="], "hydra.sweep.dir: is empty"),
        (["hydra.verbose=5"], "hydra.verbose: is 5"),
        (["hydra.verbose=[[a]]"], "hydra.verbose: is [['a']]"),
        (["hydra.run.dir="], "hydra.run.dir: is empty"),
        (["+hydra.callbacks={x:{_target_:no.where}}"], "no.where"),
        (["hydra.job_logging.handlers.file.filename=/dev/null/x"], "cannot write there"),
        (["seed=1,2"], "seed: is several values, 1,2; -m searches with each"),
        (["~name"], "~name: what stands there is known when the job begins"),
        (["name=é"], "must stand in quotes: name='é'"),
        (["dataset.input_shape[0]=1"], "an item of a list is KEY.0"),
        (["objective=null"], "objective: is null; it takes the name of an option: 'none'"),
        (["trial=null"], "trial: is None; it must be a mapping"),
        (["name='a\nb'"], "name: is 'a\\nb'; it must be one line"),
    ],
)
def test_a_wrong_command_is_one_message(words, told, monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=run", *words) == 2
    printed = capsys.readouterr()
    assert told in printed.err
    assert "Traceback" not in printed.err + printed.out
    assert printed.err.count("error: ") == 1
    assert len(printed.err) <= 2000
    assert not [*Path().iterdir()]


def test_a_refused_config_leaves_folders_as_they_were(monkeypatch):
    Path("mine/empty").mkdir(parents=True)
    Path("mine/log").mkdir()
    Path("mine/log/nas-hydra.log").write_text("of an earlier search\n")
    for folder in ("mine/empty", "mine/log", "mine/new/run"):
        assert nas_hydra(monkeypatch, *SMALL, f"hydra.run.dir={folder}", "seed=-1") == 2
    assert {str(path) for path in Path().rglob("*") if path.is_dir()} == {
        "mine",
        "mine/empty",
        "mine/log",
    }
    assert Path("mine/log/nas-hydra.log").read_text().startswith("of an earlier search\n")


@pytest.mark.long
def test_of_a_sweep_the_folders_of_refused_configs_go(monkeypatch):
    words = ("-m", *SMALL, "hydra.sweep.dir=sweeps/one")
    assert nas_hydra(monkeypatch, *words, "seed=-1,-2") == 2
    assert not Path("sweeps").exists()
    assert nas_hydra(monkeypatch, *words, "seed=-1,0") == 2
    (kept,) = Path("sweeps/one").glob("*/")
    assert kept.name.startswith("evolution-conv_net-digits-0")


@pytest.mark.parametrize("logging", ["none", "disabled", "default", "nas_hydra"])
def test_an_error_is_told_once_whatever_the_logging(logging, monkeypatch, capsys):
    words = (f"hydra/job_logging={logging}", "hydra.run.dir=run", "seed=-1")
    assert nas_hydra(monkeypatch, *SMALL, *words) == 2
    assert capsys.readouterr().err.count("error: seed: is -1") == 1


def test_what_nobody_foresaw_is_one_message_and_its_traceback_is_in_the_log(monkeypatch, capsys):
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a\nfault")

    monkeypatch.setattr("nas_hydra.cli.app.assemble", broken)
    assert nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=run") == 1
    printed = capsys.readouterr().err
    assert "error: ZeroDivisionError: a" in printed
    assert "Traceback" not in printed
    assert "Traceback" in Path("run/nas-hydra.log").read_text()
