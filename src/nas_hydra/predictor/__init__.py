"""Predictors: what to expect of a candidate that was not evaluated yet."""

from nas_hydra.predictor.base import Predictor
from nas_hydra.predictor.inputs import Array, Describe, Inputs

__all__ = ["Array", "Describe", "Inputs", "Predictor"]
