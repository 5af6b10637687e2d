"""What a candidate changes of its process changes no other candidate."""

import gc
import locale
import logging
import multiprocessing
import os
import resource
import signal
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch

from nas_hydra.engine.restoring import restored

PYTHON = {
    "working folder": lambda: os.chdir("/"),
    "environment": lambda: os.environ.update(HOME="/nowhere", NEW="1"),
    "environment, less": lambda: os.environ.pop("PATH"),
    "environment, none": os.environ.clear,
    "warnings": lambda: warnings.simplefilter("error"),
    "warnings, none": warnings.resetwarnings,
    "printing of warnings": lambda: setattr(warnings, "showwarning", print),
    "signal": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "interrupt": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    "blocked signal": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]),
    "alarm": lambda: signal.alarm(1000),
    "open files": lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, (100, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    ),
    "logging": lambda: logging.disable(logging.CRITICAL),
    "level": lambda: logging.getLogger("nas_hydra").setLevel(logging.CRITICAL),
    "root's handlers": lambda: logging.basicConfig(force=True),
    "path": lambda: sys.path.insert(0, "/"),
    "path, another list": lambda: setattr(sys, "path", []),
    "output": lambda: setattr(sys, "stdout", None),
    "trace": lambda: sys.setprofile(lambda *arguments: None),
    "recursion": lambda: sys.setrecursionlimit(5000),
    "garbage": gc.disable,
    "garbage, thresholds": lambda: gc.set_threshold(10),
    "numpy's errors": lambda: np.seterr(all="raise"),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C.UTF-8"),
    "processes": lambda: multiprocessing.set_start_method("forkserver", force=True),
    "cores": lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
}
TORCH = {
    "dtype": lambda: torch.set_default_dtype(torch.float64),
    "tensor type": lambda: torch.set_default_tensor_type(torch.DoubleTensor),
    "device": lambda: torch.set_default_device("meta"),
    "device, the usual": lambda: torch.set_default_device("cpu"),
    "device, never left": lambda: torch.device("meta").__enter__(),
    "device, twice": lambda: (torch.device("meta").__enter__(), torch.set_default_device("meta")),
    "mode": lambda: torch._subclasses.FakeTensorMode().__enter__(),
    "gradients": lambda: torch.set_grad_enabled(False),
    "gradients, never left": lambda: torch.no_grad().__enter__(),
    "threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "denormal": lambda: torch.set_flush_denormal(torch.tensor([1e-38]).mul(0.01).item() != 0),
    "deterministic": lambda: torch.use_deterministic_algorithms(True),
    "deterministic, warn": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "precision": lambda: torch.set_float32_matmul_precision("medium"),
    "precision, another": lambda: setattr(torch.backends.cuda.matmul, "fp32_precision", "tf32"),
    "precision, general": lambda: setattr(torch.backends, "fp32_precision", "tf32"),
    "precision, old": lambda: setattr(torch.backends.cuda.matmul, "allow_tf32", True),
    "cudnn": lambda: setattr(torch.backends.cudnn, "benchmark", True),
    "cudnn, off": lambda: setattr(torch.backends.cudnn, "enabled", False),
    "cudnn, deterministic": lambda: setattr(torch.backends.cudnn, "deterministic", True),
    "mkldnn": lambda: setattr(torch.backends.mkldnn, "enabled", False),
    "attention": lambda: torch.backends.cuda.enable_math_sdp(False),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16).__enter__(),
    "autocast, dtype": lambda: torch.set_autocast_dtype("cpu", torch.float16),
    "anomaly": lambda: torch.autograd.set_detect_anomaly(True),
    "hook": lambda: torch.nn.modules.module.register_module_forward_hook(lambda *arguments: 0),
    "autograd's threads": lambda: torch.autograd.set_multithreading_enabled(False),
    "sharing": lambda: torch.multiprocessing.set_sharing_strategy("file_system"),
}


def behaviour() -> list:
    """What a neighbour would notice."""
    layer = torch.nn.Linear(2, 2)
    output = layer(torch.ones(1, 2))
    return [
        (output.dtype, output.device, output.requires_grad, type(output)),
        torch.get_num_threads(),
        torch.tensor([1e-38]).mul(0.01).item() == 0,
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
        (os.getcwd(), dict(os.environ), list(sys.path), sys.stdout),
        (warnings.filters[:], warnings.showwarning),
        (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), signal.alarm(0)),
        (logging.root.handlers[:], logging.getLogger("nas_hydra").getEffectiveLevel()),
        (np.geterr(), multiprocessing.get_start_method(allow_none=True), gc.get_threshold()),
    ]


@pytest.mark.parametrize("name", [*PYTHON, *(f"torch: {name}" for name in TORCH)])
def test_what_a_trial_changes_is_put_back(name):
    change = TORCH[name[7:]] if name.startswith("torch: ") else PYTHON[name]
    before = behaviour()
    with restored() as lost:
        change()
    assert lost == []
    assert behaviour() == before


def test_a_failing_trial_and_all_changes_together():
    before = behaviour()
    with pytest.raises(ZeroDivisionError), restored() as lost:  # noqa: PT012
        for change in (*TORCH.values(), *PYTHON.values()):
            with suppress(AssertionError):  # torch's, at the second default device
                change()
        raise ZeroDivisionError
    assert lost == []
    assert behaviour() == before


def test_what_is_new_is_no_change():
    with restored() as lost:
        logging.getLogger("nas_hydra.of.a.module.that.is.imported.late")
    assert lost == []


def test_what_cannot_be_put_back_is_named(tmp_path):
    mode = torch.inference_mode()
    with restored() as lost:
        mode.__enter__()
    mode.__exit__(None, None, None)
    assert lost == ["inference mode"]
    folder = tmp_path / "gone"
    folder.mkdir()
    os.chdir(folder)
    with restored() as lost:
        os.chdir("/")
        Path(folder).rmdir()
    assert lost == ["working folder"]
