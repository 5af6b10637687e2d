"""Candidates that share a GPU, and one that must have it to itself."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch


@contextmanager
def occupied(device: torch.device, alone: bool) -> Iterator[None]:
    """Use a device together with other processes of this user, or by oneself.

    Who wants it alone waits until the others' candidates are finished, and theirs wait for it.
    The operating system lets go of a process's part with the process. Other devices than GPUs
    are not shared this way.

    Args:
        device: as this process sees it.
        alone: whether nobody else may use it meanwhile.
    """
    if device.type != "cuda":
        yield
        return
    with held(str(torch.cuda.get_device_properties(device).uuid), alone):
        yield


@contextmanager
def held(name: str, alone: bool) -> Iterator[None]:
    """Hold a name together with others, or alone."""
    folder = Path(tempfile.gettempdir())
    with (
        _opened(folder / f"nas-hydra-{os.getuid()}-{name}.turn") as turn,
        _opened(folder / f"nas-hydra-{os.getuid()}-{name}.use") as use,
    ):
        # Everybody passes through the turn, so that newcomers stand behind one who waits.
        fcntl.flock(turn, fcntl.LOCK_EX)
        fcntl.flock(use, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            yield
        finally:
            # Closing is not enough: a process forked meanwhile, to decode images, holds it too.
            fcntl.flock(use, fcntl.LOCK_UN)


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
