"""The top level of the config: what is read, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from omegaconf import DictConfig, OmegaConf

from nas_hydra.app.settings import resolved, settings_of
from nas_hydra.compose import composed
from nas_hydra.errors import ConfigError


@pytest.fixture
def config() -> Iterator[DictConfig]:
    with composed(["tracker=none", "hydra.run.dir=run"]) as found:
        OmegaConf.set_struct(found, False)
        yield found


@pytest.mark.parametrize(
    "reference", ["${width}", "${..width}", "${oc.select:width,3}", "x${width}"]
)
def test_a_variable_that_a_value_refers_to_is_read(config, reference):
    config.width = 24
    config.search_space.width = reference
    plain = resolved(config)
    assert "24" in str(plain["search_space"]["width"])
    assert "width" not in plain
    settings_of(plain)


@pytest.mark.parametrize(
    "reference", ["${search_space.width}", "width", "${widths}", "${my_width}"]
)
def test_a_variable_that_nobody_refers_to_is_refused(config, reference):
    config.width, config.widths, config.my_width = 24, 1, 1
    config.search_space.width, config.search_space.other = (
        5,
        [reference, "${widths}", "${my_width}"],
    )
    with pytest.raises(ConfigError, match="width: is read by nobody"):
        settings_of(resolved(config))


@pytest.mark.parametrize("key", ["trial", "objective", "dataset", "budget", "engine"])
@pytest.mark.parametrize("value", [None, 0, "", [], True])
def test_a_part_that_is_no_mapping_is_named_itself(config, key, value):
    config[key] = value
    with pytest.raises(ConfigError, match=f"{key}: is .*mapping"):
        resolved(config)


def test_a_part_that_is_deleted_is_named_itself(config):
    del config["objective"]
    with pytest.raises(ConfigError, match="objective: is missing"):
        resolved(config)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[31m"])
def test_a_name_is_one_line(config, name):
    config.name = name
    with pytest.raises(ConfigError, match=r"name: is .*one line"):
        settings_of(resolved(config))


def test_references_that_repeat_each_other_end(config):
    for level in range(60):
        below = f"${{search_space.a{level + 1}}}"
        config.search_space[f"a{level}"] = [below, below]
    config.search_space.a60 = 1
    with pytest.raises(ConfigError, match=r"search_space: has .* values once references"):
        resolved(config)


def test_a_missing_folder_of_the_config_does_not_matter_here(config):
    assert settings_of(resolved(config)).folder == str(Path("run").absolute())
