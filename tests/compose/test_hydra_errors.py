"""What Hydra and OmegaConf refuse, told with the key, what was given and how to mend it."""

from pathlib import Path

import pytest

from command import nas_hydra

OWN = "defaults: [config, _self_]\n"


def told(monkeypatch, capsys, *words: str) -> str:
    assert nas_hydra(monkeypatch, "hydra.run.dir=run", "hydra.sweep.dir=sweep", *words) == 2
    return capsys.readouterr().err.partition("error: ")[2].strip()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("budget: [1]", "budget: is [1]; it must be a mapping (in 'mine')"),
        ("hydra: 3", "hydra: is 3; it must be a mapping (in 'mine')"),
        ("hydra: {run: 3}", "hydra.run: is 3; it must be a mapping (in 'mine')"),
        ("hydra: {launcher: abc}", "hydra.launcher: is 'abc'; it must be a mapping (in 'mine')"),
        ("hydra: {job: {nope: 3}}", "hydra.job.nope: Key 'nope' not in 'JobConf' (in 'mine')"),
        ("hydra: {job: {chdir: x}}", "hydra.job.chdir: Value 'x' is not a valid bool"),
        ("hydra: {searchpath: ['nope://x']}", "hydra.searchpath: there are no configs at nope://"),
        (
            "hydra: {callbacks: {x: {_target_: nope.X}}}",
            "hydra.callbacks.x: nope.X: ModuleNotFoundError: No module named 'nope'",
        ),
    ],
)
def test_what_has_no_place_in_the_config_is_told_with_its_key_and_file(
    monkeypatch, capsys, text, wanted
):
    Path("own").mkdir()
    Path("own/mine.yaml").write_text(OWN + text)
    assert told(monkeypatch, capsys, "--config-dir", "own", "--config-name", "mine").startswith(
        wanted
    )


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["+optimizer=sgd"], "optimizer: has an option already; say optimizer=sgd"),
        (["+optimizer=adamw"], "optimizer: has an option already; say optimizer=..."),
        (["++optimizer=adamw"], "optimizer: is a group; say optimizer=adamw"),
        (["+seed=3"], "seed: is there already; say seed=VALUE"),
        (["hydra.job_logging.handlers=3"], "hydra.job_logging: TypeError: 'int' object is not"),
        (["hydra.run=3"], "hydra.run=3: is 3; it must be a mapping"),
        (["-m", "seed=interval(0,1)"], "seed: is an interval, and a plain sweep tries single"),
        (
            ["-m", "seed=range(0,a)"],
            "seed=range(0,a): cannot be read as KEY=VALUE (TypeError while",
        ),
        (["seed"], "seed: cannot be read as KEY=VALUE (missing EQUAL"),
        (
            ["objective.val/acc=minimize"],
            "objective.val/acc=minimize: cannot be read as KEY=VALUE (a name with a slash stands in"
            " braces: 'objective={val/acc: minimize}')",
        ),
        (["objective=val/acc"], "objective: there is no option 'val/acc'; allowed:"),
        (["-m", "hydra.sweeper._target_=nope.X"], "hydra.launcher, hydra.sweeper: 'nope.X' is no"),
    ],
)
def test_what_hydra_does_not_take_is_told_with_its_key(monkeypatch, capsys, words, wanted):
    assert told(monkeypatch, capsys, *words).startswith(wanted)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["trainer.max_epochs=abc"], "trainer.max_epochs: is 'abc'; it must be a valid integer"),
        (["dataset.num_classes=abc"], "dataset.num_classes: is 'abc'; it must be a valid integer"),
        (["search_space.width=abc"], "search_space.width: is 'abc'; it must be a valid integer"),
        (["folder='${nope}'"], "folder: Interpolation key 'nope' not found"),
        (["+scheduler.more='${seed}'"], "scheduler.more: is no argument of"),
    ],
)
def test_the_key_that_was_typed_is_blamed_and_not_one_that_refers_to_it(
    monkeypatch, capsys, words, wanted
):
    assert told(monkeypatch, capsys, *words, "tracker=none", "engine=serial").startswith(wanted)
