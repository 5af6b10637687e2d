"""The pictures of the spaces that come with the package."""

from functools import cache
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from numpy.random import default_rng

from nas_hydra.app.space import build_space
from nas_hydra.compose import composed
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.scene import Text
from nas_hydra.picture.sizes import layer_sizes
from nas_hydra.picture.space import space_picture
from picture.boxes import assert_readable

NAMES = sorted(
    file.stem
    for file in Path("conf/search_space").glob("*.yaml")
    if file.stem not in ("own", "values")
)


@cache
def space_of(name):
    with composed([f"search_space={name}", "dataset=cifar10"]) as config:
        return build_space(config)


@pytest.mark.parametrize("name", NAMES)
def test_a_space_can_be_read(name):
    assert_readable(space_picture(space_of(name), name, "many candidates"))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_candidate_can_be_read_with_the_sizes_of_its_layers(name, seed):
    space = space_of(name)
    candidate = space.sample(default_rng(seed))
    sizes = layer_sizes(space.close(candidate))
    picture = candidate_picture(space, candidate, f"a candidate of {name}", sizes)
    assert_readable(picture)
    texts = [shape.run.text for shape in picture.shapes if isinstance(shape, Text)]
    assert any(f"{sizes[''].params:,} parameters" in text for text in texts)
