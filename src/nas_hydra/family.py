"""A worker and all that it has started, which ends with it, however it ends."""

import os
import signal

import psutil

MARK = "NAS_HYDRA_WORKER"
"""The environment variable by which programs are known that a worker has started."""

ROUNDS = 3
"""How often is looked for what was started while others were ended."""


def found() -> None:
    """Begin a family: what this process starts belongs to it, also once this process is gone.

    A session of its own tells that of forks, the mark of programs that have sessions of their own.
    """
    os.setsid()
    os.environ[MARK] = str(os.getpid())


def end_family(worker: int) -> None:
    """End what a worker has started; not the worker itself."""
    for _ in range(ROUNDS):
        members = [pid for pid in psutil.pids() if pid != worker and belongs(pid, worker)]
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue  # it was quicker, or is somebody else's by now
        if not members:
            return


def belongs(pid: int, worker: int) -> bool:
    """Whether a process descends from a worker, from what it has inherited."""
    try:
        if os.getsid(pid) == worker:
            return True
        return psutil.Process(pid).environ().get(MARK) == str(worker)
    except (OSError, psutil.Error):  # it is gone, or another user's
        return False
