"""Building blocks for search spaces, where ``torch.nn`` alone would be long-winded."""

from nas_hydra.model.conv import ClassifierHead, ConvBlock

__all__ = ["ClassifierHead", "ConvBlock"]
