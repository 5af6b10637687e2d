"""Numbers that a loss needs where it is computed."""

import torch
from torch import Tensor


class Constant:
    """A tensor that is copied to a device once: a copy with every batch would make a GPU wait.

    Args:
        tensor: on the CPU.
    """

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self._copies = {tensor.device: tensor}

    def on(self, device: torch.device) -> Tensor:
        """The same numbers there."""
        if device not in self._copies:
            with torch.inference_mode(False):  # a validation may come first, and training follow
                self._copies[device] = self.tensor.to(device)
        return self._copies[device]
