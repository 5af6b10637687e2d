"""Residual networks."""

import pytest
import torchvision

from model.networks import parameters
from nas_hydra.model.resnet import ResNet


@pytest.mark.parametrize(
    ("block", "depths", "theirs"),
    [
        ("basic", [2, 2, 2, 2], torchvision.models.resnet18),
        ("bottleneck", [3, 4, 6, 3], torchvision.models.resnet50),
    ],
)
def test_all_but_the_stem_is_torchvisions(block, depths, theirs):
    larger_stem = 64 * 3 * (7 * 7 - 3 * 3)
    known = parameters(theirs(num_classes=10), size=64)
    assert parameters(ResNet(block, depths, 64, 3, 10)) == known - larger_stem


def test_an_unknown_block_is_named():
    with pytest.raises(ValueError, match="'basik' is no operation here; allowed: "):
        ResNet("basik", [1], 8, 3, 10)
