"""Shared by the tests of the models."""

import torch

from nas_hydra.evaluator.build import count_parameters


def parameters(model, channels=3, size=32):
    """Number of trainable parameters of a network that takes such images."""
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, channels, size, size))
    return count_parameters(model)
