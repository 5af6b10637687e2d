import pytest
from omegaconf import OmegaConf

from nas_hydra.config.interpolation import broken, naming_origin, origin
from nas_hydra.errors import ConfigError

CONFIG = OmegaConf.create(
    {
        "a": {"x": "abc", "again": "${.x}", "list": ["${a.again}", 1]},
        "b": {"x": "${a.list.0}", "whole": "${a}", "mixed": "v${a.x}", "round": "${b.round}"},
        "c": {"lost": "${nowhere}/x", "far": "${c.lost}", "near": "see ${c.far}"},
    }
)


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("a.x", "a.x"),
        ("b.x", "a.x"),  # through a list, and a place named by where it stands from there
        ("b.whole.x", "a.x"),
        ("b.mixed", "b.mixed"),  # has a value of its own
        ("b.round", "b.round"),
        ("not.there", "not.there"),
        ("a.list.7", "a.list.7"),
    ],
)
def test_a_value_comes_from_the_end_of_all_references(key, wanted):
    assert origin(CONFIG, key) == wanted


def test_of_broken_references_the_first_is_named():
    assert broken(CONFIG, "c.near") == "c.lost"
    assert broken(CONFIG, "b.round") == "b.round"


def test_a_wrong_value_is_told_of_where_it_was_typed():
    wanted = r"^a\.x: is 'abc'; no \(b\.x refers to it\)$"
    with pytest.raises(ConfigError, match=wanted), naming_origin(CONFIG):
        raise ConfigError("b.x", "is 'abc'; no")


def test_a_key_that_is_wrong_itself_is_told_as_it_is():
    with pytest.raises(ConfigError, match=r"^b\.x: is no argument"), naming_origin(CONFIG):
        raise ConfigError("b.x", "is no argument")
