"""Functions of a user's, such as ``evaluator=function`` calls."""

import random
from fractions import Fraction

import numpy
import torch

from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.function import FunctionEvaluator


def valley(config):
    """Changes what it is given, and uses every generator."""
    noise = random.random() + numpy.random.rand() + float(torch.rand(()))
    return {"loss": (config.pop("x") - 3) ** 2 + noise / 1000, "noise": noise}


def asks(config, weights, *, repeat, seed=None):
    weights.write_text("weights")
    return {"seed": seed, "repeat": repeat}


class Steep:
    """Can be called, and knows something."""

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, config):
        return self.slope * config["x"]


steep = Steep(2)


def of_our_own(config):
    raise ConfigError("dataset", "is not there")


def without_a_config():
    return 1


def with_more(config, folder):
    return 1


def by_name_only(*, config):
    return 1


GIVEN = {
    "number": (1.5, 1.5),
    "whole": (2, 2.0),
    "numpy": (numpy.float32(0.25), 0.25),
    "numpy whole": (numpy.int64(3), 3.0),
    "array": (numpy.array(0.5), 0.5),
    "tensor": (torch.tensor(0.75), 0.75),
    "on a graph": (torch.tensor(0.75, requires_grad=True), 0.75),
    "fraction": (Fraction(1, 4), 0.25),
    "dict": ({"loss": 1, "note": "left out"}, 1.0),
}
"""What a function may give, and which value that is."""


def evaluator(name="valley", seed=0, measure=("loss",), **settings):
    """An evaluator that calls one of these functions."""
    return FunctionEvaluator(f"{__name__}.{name}", seed=seed, measure=measure, **settings)
