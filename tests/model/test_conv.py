"""The blocks of ``conv_net``."""

import pytest
import torch

from nas_hydra.model import ClassifierHead, ConvBlock


@pytest.mark.parametrize("kernel_size", [3, 5, 7])
def test_block_keeps_the_resolution_but_for_pooling(kernel_size):
    images = torch.zeros(2, 3, 8, 8)
    assert ConvBlock(16, kernel_size)(images).shape == (2, 16, 8, 8)
    assert ConvBlock(16, kernel_size, pool=2)(images).shape == (2, 16, 4, 4)


def test_pooling_before_relu_changes_neither_features_nor_gradients():
    torch.manual_seed(0)
    block = ConvBlock(8, 3, pool=2)
    images = torch.randn(4, 3, 7, 9)
    features = block(images)
    usual = torch.nn.functional.max_pool2d(torch.relu(block.norm(block.conv(images))), 2)
    assert torch.equal(features, usual)
    weight = block.conv.weight
    gradients = [torch.autograd.grad(f.square().sum(), weight)[0] for f in (features, usual)]
    assert torch.equal(*gradients)


def test_any_number_of_blocks_fits_any_image():
    features = torch.zeros(2, 1, 8, 8)
    for _ in range(6):
        features = ConvBlock(4, 3, pool=2)(features)
    assert features.shape == (2, 4, 1, 1)


def test_head_gives_one_logit_per_class():
    assert ClassifierHead(7)(torch.zeros(2, 16, 5, 3)).shape == (2, 7)


def test_dropout_acts_in_training_only():
    head = ClassifierHead(4, dropout=0.9)
    features = torch.ones(64, 32, 1, 1)
    assert head.eval()(features).std(dim=0).max() < 1e-6
    assert head.train()(features).std(dim=0).max() > 1e-3
