"""Vision transformers."""

import pytest
import torch
from torchvision.models import VisionTransformer as Theirs

from model.networks import parameters
from nas_hydra.model.vit import VisionTransformer


def test_parameters_are_torchvisions():
    ours = VisionTransformer(
        32, 8, width=24, heads=3, mlp_ratios=[2, 2], in_channels=3, num_classes=10
    )
    theirs = Theirs(32, 8, 2, 3, hidden_dim=24, mlp_dim=48, num_classes=10)
    assert parameters(ours) == parameters(theirs)


def test_every_block_has_its_own_ratio():
    narrow = VisionTransformer(8, 4, 16, 2, [1, 1], 3, 10)
    wide = VisionTransformer(8, 4, 16, 2, [1, 4], 3, 10)
    assert parameters(wide, size=8) - parameters(narrow, size=8) == 3 * 16 * (2 * 16 + 1)


def test_patches_know_where_they_are():
    """Without positions, shuffled patches would give the same logits."""
    network = VisionTransformer(8, 4, 16, 2, [2], 1, 10).eval()
    images = torch.randn(1, 1, 8, 8)
    assert not torch.allclose(network(images), network(images.roll(4, dims=-1)), atol=1e-4)


def test_sizes_must_divide():
    with pytest.raises(ValueError, match="patch_size 8 does not divide image_size 28"):
        VisionTransformer(28, 8, 16, 2, [1], 3, 10)
    with pytest.raises(ValueError, match="heads 3 do not divide width 16"):
        VisionTransformer(28, 7, 16, 3, [1], 3, 10)
