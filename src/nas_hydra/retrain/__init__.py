"""From a search's winner to a model in use: trained on all images, tested once."""

from nas_hydra.retrain.retraining import Retrained, retrain
from nas_hydra.retrain.training import Request

__all__ = ["Request", "Retrained", "retrain"]
