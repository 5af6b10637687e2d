"""Strategies side by side, with statistics: what ``nas-hydra-compare`` finds and tells."""

from nas_hydra.comparison.comparing import compare
from nas_hydra.comparison.result import Comparison

__all__ = ["Comparison", "compare"]
