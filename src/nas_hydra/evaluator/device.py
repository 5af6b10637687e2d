"""Which device trains."""

import json
import platform
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from nas_hydra.evaluator.trainer import LIGHTNING, made_trainer

MEANT = ("accelerator", "devices")
"""Arguments of a trainer that decide on its device."""


def device_of(trainer: Mapping[str, Any]) -> torch.device:
    """The device that a trainer of this config trains on."""
    return _device(json.dumps({name: trainer[name] for name in MEANT if name in trainer}))


@lru_cache
def _device(arguments: str) -> torch.device:
    """As Lightning chooses it; making a trainer takes milliseconds, so it is asked once."""
    made = made_trainer({"_target_": LIGHTNING, **json.loads(arguments)})
    return made.strategy.root_device


@lru_cache
def processors() -> str:
    """The machine's CPU, and its GPU if there is one; machines of one kind have the same."""
    found = [cpuinfo()]
    if torch.cuda.is_available():
        found.append(torch.cuda.get_device_name())
    return ", ".join(found)


def cpuinfo() -> str:
    """The model of the CPU, or at least its architecture."""
    file = Path("/proc/cpuinfo")
    text = file.read_text() if file.exists() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1] if named else platform.machine()


def kind(device: torch.device) -> str:
    """What computes the same numbers: the type of a device, and the name of a GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
