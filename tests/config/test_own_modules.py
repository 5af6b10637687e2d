"""Modules of the user's, found by the folders of configs that the user names."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from command import SMALL, nas_hydra
from nas_hydra.cli.retrain import run as retrain
from nas_hydra.config.component import importable, locate
from nas_hydra.errors import ConfigError

NETWORK = """\
from torch import nn

class Perceptron(nn.Sequential):
    def __init__(self, hidden, num_classes):
        super().__init__(nn.Flatten(), nn.LazyLinear(hidden), nn.Linear(hidden, num_classes))
"""
SPACE = """\
model:
  _target_: own_network.Perceptron
  hidden: {_choice_: [8, 16]}
  num_classes: ${dataset.num_classes}
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """Of configs, in a folder that nobody else can write into."""
    tmp_path.chmod(0o755)
    made = tmp_path / "my_conf"
    (made / "search_space").mkdir(parents=True)
    return made


def test_modules_beside_and_within_are_found_for_a_while(folder):
    (folder / "own_within.py").write_text("x = 1\n")
    (folder.parent / "own_beside.py").write_text("x = 2\n")
    before = [*sys.path]
    with importable([folder]):
        assert import_module("own_within").x + import_module("own_beside").x == 3
        assert sys.path[: len(before)] == before  # no installed module can be replaced
    assert sys.path == before


def test_a_folder_around_that_all_can_write_into_is_left_out(folder):
    folder.parent.chmod(0o1777)
    with importable([folder]):
        assert str(folder) in sys.path
        assert str(folder.parent) not in sys.path


def test_a_module_that_is_not_found_is_told_with_where_python_looks():
    with pytest.raises(ConfigError, match=r"No module named 'nowhere'; .*PYTHONPATH=\."):
        locate("nowhere.Network", "model._target_")


@pytest.mark.long
def test_a_search_with_workers_and_a_retraining_find_them(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder.parent)
    (folder / "search_space/mine.yaml").write_text(SPACE)
    Path("own_network.py").write_text(NETWORK)
    words = [*SMALL, "search_space=mine", "engine=processes", "engine.workers=1"]
    place = ("--config-dir", "my_conf", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *place, *words, "budget.trials=2") == 0
    sys.modules.pop("own_network")
    few = ("", "run=run", "trust=[own_network]", "seeds=1", "baseline=none", "random=false")
    assert retrain(few) == 2  # what a run itself says of its folders is not followed
    assert "No module named 'own_network'" in capsys.readouterr().err
    assert retrain([*few, "config_dir=my_conf"]) == 0
