"""How long a network takes for a batch, on the machine and the device that evaluates it."""

import time
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from nas_hydra.dataset.tree import Tree, leaves
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator.build import noise

LEAST = {"batch_size": 1, "warmup": 0, "repeats": 1}


@dataclass(frozen=True)
class Latency:
    """Measures the median time of a forward pass.

    It is a measurement: a second one gives a slightly different number, another machine a quite
    different one, and whatever else runs on the device meanwhile slows it down. So does, on a GPU,
    a candidate that shares it, and on a CPU a second worker that has no core of its own.

    Args:
        batch_size: rows per pass.
        warmup: passes before the first one that is timed.
        repeats: passes that are timed.
    """

    batch_size: int
    warmup: int
    repeats: int

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            if getattr(self, name) < least:
                raise ConfigError(
                    f"evaluator.latency.{name}",
                    f"is {getattr(self, name)}; at least {least} is needed",
                )

    def batch(self, inputs: Tree, device: torch.device) -> Tree:
        """A batch to time: noise, since zeros may be multiplied faster.

        Args:
            inputs: of an example.
            device: where it lies.
        """
        return noise(inputs, self.batch_size, device)

    def __call__(self, model: nn.Module, inputs: Tree) -> float:
        """Milliseconds that the model takes for the inputs, on the device where both lie."""
        model.eval()
        with torch.inference_mode():
            times = [_timed(model, inputs) for _ in range(self.warmup + self.repeats)]
        return 1000 * median(times[self.warmup :])


def _timed(model: nn.Module, inputs: Tree) -> float:
    """Seconds of one forward pass, begun and ended with nothing under way on the device."""
    device = leaves(inputs)[0].device
    _finish(device)
    start = time.perf_counter()
    model(inputs)
    _finish(device)
    return time.perf_counter() - start


def _finish(device: torch.device) -> None:
    """Wait until a device has done what it was given; a CPU has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
