"""A network that changes what it can reach, in a module that workers can import."""

import os
import random
import warnings

import numpy as np
import torch
from torch import nn


class Meddler(nn.Module):
    """Meddles, or not, when it is made and when it is used; draws from the generators of all."""

    def __init__(self, width: int, meddling: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, 10))
        self.meddling = meddling
        if meddling:
            meddle()

    def forward(self, images):
        noise = random.random() + np.random.random()
        if self.meddling:
            meddle()
        return self.layers(images) * (1 + noise / 10)


def meddle():
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("cpu")
    torch.set_num_threads(3)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_grad_enabled(False)
    warnings.simplefilter("error")
    os.environ.clear()
    os.chdir("/")
    random.seed(1)
    np.random.seed(1)
