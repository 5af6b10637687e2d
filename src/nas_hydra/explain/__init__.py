"""Why a winner won, and how sure that is."""

from nas_hydra.explain.explaining import explain
from nas_hydra.explain.result import Explanation

__all__ = ["Explanation", "explain"]
