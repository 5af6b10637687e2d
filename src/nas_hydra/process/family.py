"""A process and all that it has started, which ends with it, however it ends."""

import os
import signal

import psutil

MARK = "NAS_HYDRA_WORKER"
"""The environment variable by which programs are known that a worker has started."""

PROGRAM = "NAS_HYDRA_TRIAL_FOLDER"
"""That by which those are known that a trial's own program has started."""

REASONS = {
    signal.SIGKILL: ", as when memory runs out",
    signal.SIGBUS: ", as when a disk or /dev/shm is full",
    signal.SIGXCPU: ", at its limit of processor time (ulimit -t)",
}
"""What may have sent a signal that kills."""

ROUNDS = 3
"""How often is looked for what was started while others were ended."""


def found() -> None:
    """Begin a family: what this process starts belongs to it, also once this process is gone.

    A session of its own tells that of forks, the mark of programs that have sessions of their own.
    """
    os.setsid()
    os.environ[MARK] = str(os.getpid())


def end_family(leader: int, mark: tuple[str, str] | None = None) -> None:
    """End what a process has started; not that process itself.

    Args:
        leader: of a session.
        mark: the environment variable that programs have inherited; None: that of a worker.
    """
    known = (MARK, str(leader)) if mark is None else mark
    for _ in range(ROUNDS):
        members = [pid for pid in psutil.pids() if pid != leader and _belongs(pid, leader, known)]
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue  # it was quicker, or is somebody else's by now
        if not members:
            return


def _belongs(pid: int, leader: int, mark: tuple[str, str]) -> bool:
    """Whether a process descends from another one, from what it has inherited."""
    try:
        if os.getsid(pid) == leader:
            return True
        return psutil.Process(pid).environ().get(mark[0]) == mark[1]
    except (OSError, psutil.Error):  # it is gone, or another user's
        return False


def ending(code: int | None) -> str:
    """How a process ended, from its exit code; None if somebody else has taken that."""
    if code is None:
        return "ended"
    if code >= 0:
        return f"ended with exit code {code}"
    killer = signal.Signals(-code)
    return f"was killed by {killer.name}{REASONS.get(killer, '')}"
