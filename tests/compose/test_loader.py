"""Which config is taken, and how what Hydra refuses is told."""

from pathlib import Path

import pytest

from nas_hydra.compose import ComposeError, composed


def own(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def test_of_two_options_with_one_name_the_users_is_taken():
    own("conf/optimizer/sgd.yaml", "_target_: torch.optim.SGD\n_partial_: true\nlr: 0.05\n")
    own("conf/config.yaml", "seed: 5\n")  # takes no group, so it cannot be the one to begin with
    with composed(["optimizer=sgd"], [Path("conf")]) as found:
        assert found.optimizer.lr == 0.05
        assert found.seed == 0
    with composed(["optimizer=sgd", "hydra.searchpath=[conf]"]) as found:
        assert found.optimizer.lr == 0.05
    with composed(["optimizer=sgd"]) as found:
        assert found.optimizer.lr == 0.1


def refusal(*overrides: str) -> str:
    with pytest.raises(ComposeError) as raised, composed(overrides, [Path("conf")]):
        pass
    return str(raised.value)


GROUPS = ("optimizer", "strategy", "search_space", "dataset/augment", "hydra/launcher")


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("value", ["null", "0", "1.5", "true", "[1]", "[[a]]"])
def test_a_group_takes_the_name_of_an_option(group, value):
    Path("conf").mkdir()
    told = refusal(f"{group}={value}")
    assert told.startswith(f"{group}: is ")
    assert "it takes the name of an option: '" in told


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("hydra=1", ["hydra: is 1", "hydra.run.dir=FOLDER"]),
        ("hydra=null", ["hydra: is null"]),
        ("hydra=mine", ["hydra", "hydra.KEY=VALUE"]),
        ("++optimizer=sgd", ["optimizer: is a group; say optimizer=sgd"]),
        ("~optimizer=3", ["optimizer: is 3"]),
        ("experiment=e", ["experiment: nothing is taken", "+experiment=OPTION: 'e'"]),
        ("hydra.searchpath=[nope]", ["hydra.searchpath: there is no folder", "nope"]),
        ("hydra.searchpath=nope", ["hydra.searchpath must be a list"]),
        ("hydra.searchpath=[gs://nope]", ["gs"]),
        ("hydra.run.dir=", ["hydra.run.dir: is empty"]),
        ("hydra.run.dir=null", ["hydra.run.dir=null: ", "not Optional"]),
        ("hydra.run.dir=${nope}", ["nope"]),
        ("hydra.verbose=5", ["hydra.verbose: is 5", "true, false"]),
        ("seed=" + "[" * 60 + "]" * 60, ["seed: is nested 60 levels deep"]),
        ("seed=[" + "1," * 9000 + "]", ["seed: has 18,007 characters", "--config-dir"]),
        ("seed=[1", ["seed=[1: cannot be read as KEY=VALUE"]),
        ("name=${name}", ["Recursive interpolation"]),
        ("name=${nobody:1}", ["nobody"]),
    ],
)
def test_what_hydra_refuses_is_told_in_a_line(given, words):
    own("conf/experiment/e.yaml", "# @package _global_\nseed: 1\n")
    told = refusal(given)
    assert len(told.splitlines()) == 1
    for word in words:
        assert word in told


def test_a_folder_that_is_not_there_is_told():
    with (
        pytest.raises(ComposeError, match="--config-dir: there is no folder"),
        composed([], [Path("no")]),
    ):
        pass
