"""The generators that all code of a process shares, seeded for a while."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any

import numpy as np


@cache
def gpus() -> int:
    """How many GPUs torch has here; to find out that there are none takes a millisecond."""
    return int(sys.modules["torch"].cuda.device_count())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The generators of torch, numpy and Python seeded for a while, and put back as they were.

    Of torch only where it is imported already: not everything that is evaluated needs it.
    """
    earlier, numpys = random.getstate(), np.random.get_state()
    torch: Any = sys.modules.get("torch")
    with torch.random.fork_rng(devices=range(gpus())) if torch else nullcontext():
        if torch:
            torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            random.setstate(earlier)
            np.random.set_state(numpys)
