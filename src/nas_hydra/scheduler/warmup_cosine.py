"""A warm-up, and cosine decay after it."""

import math
from functools import partial

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from nas_hydra.errors import ConfigError


class WarmupCosine(LambdaLR):
    """Raises the learning rate evenly to the optimizer's own, then lowers it along a cosine to 0.

    The warm-up is that of Goyal et al. 2017, the decay that of Loshchilov and Hutter 2017. It is
    stepped after every step of the optimizer.

    Args:
        optimizer: whose rates are the highest ones.
        total_steps: of the training.
        warmup: its share that warms up, from 0 and below 1.

    Raises:
        ConfigError: if ``warmup`` is no such share.
    """

    def __init__(self, optimizer: Optimizer, total_steps: int, warmup: float = 0.1) -> None:
        if not 0 <= warmup < 1:
            raise ConfigError("scheduler.warmup", f"is {warmup}; allowed: from 0 and below 1")
        super().__init__(optimizer, partial(factor, total=total_steps, warm=warmup * total_steps))


def factor(step: int, total: int, warm: float) -> float:
    """The share of the highest rate that the step after so many others takes."""
    if step < warm:
        return min(1.0, (step + 1) / warm)
    done = min(1.0, (step - warm) / (total - warm))
    return (1 + math.cos(math.pi * done)) / 2
