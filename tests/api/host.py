"""What a search must leave as it was in the program that calls it."""

import logging
import os
import random
import signal
import warnings
from typing import Any

import numpy
import torch
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

LOGGERS = (None, "optuna", "pytorch_lightning", "nas_hydra")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


def state() -> dict[str, Any]:
    """Everything in this process that is there once and that others rely on."""
    return {
        "folder": os.getcwd(),
        "random": random.getstate(),
        "numpy": [str(part) for part in numpy.random.get_state()],
        "torch": torch.random.get_rng_state().tolist(),
        "threads": torch.get_num_threads(),
        "signals": [signal.getsignal(number) for number in SIGNALS],
        "loggers": {
            name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers))
            for name in LOGGERS
        },
        "warnings": list(warnings.filters),
        "hydra": (GlobalHydra.instance().is_initialized(), HydraConfig.initialized()),
    }
