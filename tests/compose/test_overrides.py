"""Overrides that are written for the user to type."""

from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis.strategies import text
from omegaconf import OmegaConf

from nas_hydra.compose import override


@example("${a}")
@example("it's \\${a} and \\\\${b}\\")
@given(text(min_size=1))
def test_a_text_is_read_back_the_same(value):
    (parsed,) = OverridesParser.create().parse_overrides([override("key", value)])
    assert OmegaConf.create({"key": parsed.value()}).key == value
