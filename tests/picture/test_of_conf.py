"""The pictures of the spaces that come with the package."""

from functools import cache

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from numpy.random import default_rng

from made import SPACES, space_of
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.scene import Text
from nas_hydra.picture.sizes import layer_sizes
from nas_hydra.picture.space import space_picture
from picture.boxes import assert_readable


@pytest.fixture(scope="module")
def spaces(tmp_path_factory):
    """Every space by its name, built when it is asked for."""
    folder = tmp_path_factory.mktemp("spaces")
    return cache(lambda name: space_of(name, folder, "cifar10"))


@pytest.mark.parametrize("name", SPACES)
def test_a_space_can_be_read(name, spaces):
    assert_readable(space_picture(spaces(name), name, "many candidates"))


@pytest.mark.parametrize("name", SPACES)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_candidate_can_be_read_with_the_sizes_of_its_layers(name, spaces, seed):
    space = spaces(name)
    candidate = space.sample(default_rng(seed))
    sizes = layer_sizes(space.close(candidate))
    picture = candidate_picture(space, candidate, f"a candidate of {name}", sizes)
    assert_readable(picture)
    texts = [shape.run.text for shape in picture.shapes if isinstance(shape, Text)]
    assert any(f"{sizes[''].params:,} parameters" in text for text in texts)
