"""From a search's winner to a model in use: trained on all images, tested once."""

from nas_hydra.retrain.contenders import Request
from nas_hydra.retrain.retraining import Retrained, retrain

__all__ = ["Request", "Retrained", "retrain"]
