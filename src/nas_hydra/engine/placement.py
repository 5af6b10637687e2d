"""How many workers there are, and which GPUs each of them sees."""

import os
from collections.abc import Sequence

from joblib.externals.loky import cpu_count  # joblib.cpu_count is 1 where /dev/shm is read-only

from nas_hydra.errors import ConfigError


def visible_gpus() -> list[str]:
    """The GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them.

    No CUDA context is made.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        names = [name.strip() for name in given.split(",") if name.strip()]
        return names[: names.index("-1")] if "-1" in names else names  # as CUDA reads it
    from torch.cuda import device_count

    return [str(index) for index in range(device_count())]


def room(gpus: int, per_trial: float) -> int:
    """How many trials the GPUs have room for at a time.

    Args:
        gpus: how many there are.
        per_trial: GPUs per trial: a whole number, or a share of one, above 0.

    Raises:
        ConfigError: if ``per_trial`` is none of these.
    """
    if per_trial <= 0 or (per_trial > 1 and per_trial != int(per_trial)):
        raise ConfigError(
            "engine.gpus_per_trial",
            f"is {per_trial}; allowed: a share of one GPU, above 0 and below 1, a whole number of"
            " GPUs, or null to leave them alone",
        )
    if per_trial > 1:
        return gpus // int(per_trial)
    return gpus * int(1 / per_trial + 1e-9)  # three thirds are one, also in floating point


def workers_for(workers: int | None, threads: int, gpus: int, per_trial: float | None) -> int:
    """How many workers there are.

    Args:
        workers: what the config asks for; None fills the machine.
        threads: of each.
        gpus: how many there are.
        per_trial: GPUs per trial; None if no GPU is used.

    Raises:
        ConfigError: if there is no room for so many.
    """
    if workers is not None and workers < 1:
        raise ConfigError("engine.workers", f"is {workers}; at least 1 is needed, or null for all")
    if per_trial is None or not gpus:
        return workers or max(1, cpu_count() // threads)
    most = room(gpus, per_trial)
    if most < (workers or 1):
        raise ConfigError(
            "engine.workers",
            f"is {workers or 1}; {gpus} GPUs have room for {most} with"
            f" engine.gpus_per_trial={per_trial:g}",
        )
    return workers or most


def assigned(worker: int, gpus: Sequence[str], per_trial: float | None) -> str | None:
    """``CUDA_VISIBLE_DEVICES`` of a worker, or None to leave it as it is.

    Workers that share GPUs are spread over them.

    Args:
        worker: its number, from 0, below ``room``.
        gpus: names of those that there are.
        per_trial: as above.
    """
    if per_trial is None or not gpus:
        return None
    if per_trial <= 1:
        return gpus[worker % len(gpus)]
    each = int(per_trial)
    return ",".join(gpus[worker * each : (worker + 1) * each])
