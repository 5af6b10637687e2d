"""What the target of a file is taken for where nobody says it; an array tells it by its type."""

import numpy as np
from numpy.typing import ArrayLike

FEW = 20
"""So many different whole numbers are taken for classes."""


def are_classes(numbers: ArrayLike) -> bool:
    """Whether these numbers, all finite, look like classes: whole, and few different ones."""
    different = np.unique(np.asarray(numbers, np.float64))
    return len(different) <= FEW and is_whole(different)


def is_whole(numbers: ArrayLike) -> bool:
    """Whether none of these has a fraction."""
    return not np.any(np.mod(np.asarray(numbers, np.float64), 1))
