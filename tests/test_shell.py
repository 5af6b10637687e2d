"""Overrides that are written for the user, or for a user's program, to be read by Hydra."""

import math
import re

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from nas_hydra.shell import override

KEYS = st.from_regex(r"[A-Za-z_][A-Za-z_0-9]{0,8}", fullmatch=True).filter(
    lambda key: key.lower() not in ("null", "true", "false", "nan", "inf")
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def read(word):
    (parsed,) = OverridesParser.create().parse_overrides([word])
    return OmegaConf.to_container(OmegaConf.create({"key": parsed.value()}), resolve=True)["key"]


@example("${a}")
@example("it's \\${a} and \\\\${b}\\")
@given(st.text())
def test_a_text_is_read_back_the_same(value):
    assert read(override("key", value)) == value


@example([1e-05, -math.inf, {"a": "1", "b": ["null", "", "x,y"]}, "two\nlines"])
@given(PLAIN)
def test_every_plain_value_is_read_back_the_same(value):
    assert repr(read(override("key", value))) == repr(value)


PART = re.compile(r"[A-Za-z_][\w-]{0,6}", re.ASCII)


@given(st.lists(st.from_regex(PART, fullmatch=True), min_size=1, max_size=4))
def test_every_dotted_key_is_read_back_the_same(parts):
    key = ".".join(parts)
    (parsed,) = OverridesParser.create().parse_overrides([override(key, 1)])
    assert (parsed.key_or_group, parsed.value()) == (key, 1)


@pytest.mark.parametrize(("key", "value"), [("a b", 1), ("a/b", 1), ("a", {"b c": 1}), ("", 1)])
def test_a_key_that_hydra_has_no_word_for_is_refused(key, value):
    with pytest.raises(ValueError, match="cannot be said"):
        override(key, value)
