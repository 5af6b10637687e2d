"""Whatever is in the config: it works, or it is a ConfigError."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.errors import ConfigError
from nas_hydra.search_space import SearchSpace
from nas_hydra.search_space.syntax import OPENERS
from search_space.spaces import PARTS

KEYS = (
    *OPENERS,
    "_block_",
    "_share_",
    "_name_",
    "_target_",
    "low",
    "high",
    "step",
    "log",
    "a",
    "b",
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 4),
    st.floats(),
    st.sampled_from(
        [
            *("${a}", "${.a}", "${..a.b}", "${search_space.a}", "${search_space.model.0}"),
            *("${search_space.a._block_}", "${optimizer.a.low}", "${.${.b}}", "${oc.select:a}"),
            *(r"\${a}", r"\${a}${b}", "${oc.decode:${search_space.a}}", "${ b }x", "???"),
            *("_choice_", "text", ""),
        ]
    ),
    st.text(max_size=3),
    st.binary(max_size=2),
)
keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=2), st.integers(0, 2), st.booleans())


def mappings(values):
    bounds = {"low": scalars, "high": scalars}
    numbers = st.fixed_dictionaries(bounds, optional={"step": scalars, "log": st.booleans()})
    opened = st.one_of(
        st.fixed_dictionaries(
            {"_choice_": st.lists(values, max_size=3)}, optional={"_name_": scalars}
        ),
        st.fixed_dictionaries({"_choice_": values}),
        st.fixed_dictionaries({"_int_": numbers | values}),
        st.fixed_dictionaries({"_float_": numbers | values}),
    )
    repeated = st.fixed_dictionaries(
        {"_repeat_": values, "_block_": values}, optional={"_share_": scalars | st.booleans()}
    )
    anything = st.dictionaries(keys, values, max_size=3)
    plain = st.dictionaries(st.sampled_from("ab"), values, max_size=2)
    return st.one_of(opened, repeated, st.lists(repeated, max_size=2), anything, plain)


garbage = st.recursive(
    scalars, lambda values: st.lists(values, max_size=3) | mappings(values), max_leaves=12
)


def in_a_config(search_space, optimizer, a):
    try:
        return OmegaConf.create({"search_space": search_space, "optimizer": optimizer, "a": a})
    except (OmegaConfBaseException, ValueError):  # nothing that Hydra could hand to us
        return None


@pytest.mark.long
@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.fixed_dictionaries({"model": garbage}, optional={"a": garbage, "b": garbage}),
    garbage,
    garbage,
)
def test_any_config_works_or_is_a_config_error(search_space, optimizer, a):
    config = in_a_config(search_space, optimizer, a)
    if config is None:
        return
    try:
        space = SearchSpace(config, PARTS)
        genotype = space.sample(np.random.default_rng(0))
    except ConfigError:
        return
    assert space.size >= 1
    assert space.genotype(genotype).key == genotype.key
    assert no_choice(space.close(genotype))


def no_choice(value):
    if isinstance(value, dict):
        return not {*OPENERS} & {*value} and all(map(no_choice, value.values()))
    return not isinstance(value, list) or all(map(no_choice, value))
