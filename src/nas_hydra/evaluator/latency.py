"""How long a network takes for a batch, on the machine and the device that evaluates it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

from nas_hydra.errors import ConfigError

LEAST = {"batch_size": 1, "warmup": 0, "repeats": 1}


@dataclass(frozen=True)
class Latency:
    """Measures the median time of a forward pass.

    It is a measurement: a second one gives a slightly different number, another machine a quite
    different one, and whatever else runs on the device meanwhile slows it down. So does, on a GPU,
    a candidate that shares it, and on a CPU a second worker that has no core of its own.

    Args:
        batch_size: images per pass.
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

    def images(self, input_shape: Sequence[int], device: torch.device) -> Tensor:
        """A batch to time: noise, since zeros may be multiplied faster.

        Args:
            input_shape: (C, H, W).
            device: where it lies.
        """
        return torch.rand(self.batch_size, *input_shape, device=device)

    def __call__(self, model: nn.Module, images: Tensor) -> float:
        """Milliseconds that the model takes for the images, on the device where both lie."""
        model.eval()
        with torch.inference_mode():
            times = [timed(model, images) for _ in range(self.warmup + self.repeats)]
        return 1000 * median(times[self.warmup :])


def timed(model: nn.Module, images: Tensor) -> float:
    """Seconds of one forward pass, begun and ended with nothing under way on the device."""
    finish(images.device)
    start = time.perf_counter()
    model(images)
    finish(images.device)
    return time.perf_counter() - start


def finish(device: torch.device) -> None:
    """Wait until a device has done what it was given; a CPU has."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
