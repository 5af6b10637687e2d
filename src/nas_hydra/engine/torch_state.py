"""What torch keeps for the whole process, or for the thread that a trial runs in."""

import sys
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import torch
from torch.backends import cuda, cudnn, mkldnn, nnpack, opt_einsum
from torch.nn.modules import module
from torch.utils import _device, deterministic

from nas_hydra.engine.runtime import ProcessSetting, attribute

PRECISIONS = [
    attrgetter(place)(torch)
    for place in (
        "backends",
        *(f"backends.{part}" for part in ("cudnn", "cuda.matmul", "cudnn.conv", "cudnn.rnn")),
        *(f"backends.mkldnn{part}" for part in ("", ".matmul", ".conv", ".rnn")),
    )
]
"""What has a precision of float32 of its own: the general ones first, which set the others."""

HOOKS = [name for name in vars(module) if name.startswith("_global") and name.endswith("hooks")]


def _function_modes() -> tuple[list[Any], Any, Any]:
    """What changes calls of torch, the default device among it."""
    depth = torch._C._len_torch_function_stack()
    return (
        [torch._C._get_function_stack_at(place) for place in range(depth)],
        getattr(torch._GLOBAL_DEVICE_CONTEXT, "device_context", None),
        _device.CURRENT_DEVICE,
    )


def _set_function_modes(wanted: tuple[list[Any], Any, Any]) -> None:
    """Leave also those that were entered and never left, which torch itself refuses to do."""
    modes, context, _device.CURRENT_DEVICE = wanted
    torch._GLOBAL_DEVICE_CONTEXT.device_context = context
    for _ in range(torch._C._len_torch_function_stack()):
        torch._C._pop_torch_function_stack()
    for mode in modes:
        torch._C._push_on_torch_function_stack(mode)


def _leave_modes(depth: int) -> None:
    while torch._C._len_torch_dispatch_stack() > depth:
        torch._C._pop_torch_dispatch_stack(None)


def _set_tensor_type(device: Any) -> None:
    """Tensors in the CPU's memory again, as they are before anybody asks for something else."""
    dtype = torch.get_default_dtype()
    torch.set_default_tensor_type(torch.FloatTensor)
    torch.set_default_dtype(dtype)


def _precisions() -> list[str]:
    return [torch._C._get_float32_matmul_precision(), *(one.fp32_precision for one in PRECISIONS)]


def _set_precisions(wanted: list[str]) -> None:
    torch.set_float32_matmul_precision(wanted[0])
    for one, value in zip(PRECISIONS, wanted[1:], strict=True):
        one.fp32_precision = value


def _anomaly() -> tuple[bool, bool]:
    return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()


def _hooks(name: str) -> ProcessSetting:
    hooks = getattr(module, name)

    def put_back(wanted: dict[int, Any]) -> None:
        hooks.clear()
        hooks.update(wanted)

    return ProcessSetting("hooks of all modules", lambda: dict(hooks), put_back)


def _autocast(device: str) -> Iterator[ProcessSetting]:
    yield ProcessSetting(
        f"autocast on {device}",
        lambda: torch.is_autocast_enabled(device),
        lambda on: torch.set_autocast_enabled(device, on),
    )
    yield ProcessSetting(
        f"dtype of autocast on {device}",
        lambda: torch.get_autocast_dtype(device),
        lambda dtype: torch.set_autocast_dtype(device, dtype),
    )


def _attention(kind: str) -> ProcessSetting:
    enable: Callable[[bool], None] = getattr(cuda, f"enable_{kind}_sdp")
    return ProcessSetting(f"{kind} attention", getattr(cuda, f"{kind}_sdp_enabled"), enable)


def _cuda_device() -> int:
    started: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return torch.cuda.current_device() if started else 0


def _denormal_numbers() -> bool:
    """Whether the CPU computes with numbers that are smaller than it likes."""
    return sys.float_info.min / 2 > 0


SETTINGS = (
    ProcessSetting("default device", _function_modes, _set_function_modes),
    ProcessSetting("modes of torch", torch._C._len_torch_dispatch_stack, _leave_modes),
    ProcessSetting("default dtype", torch.get_default_dtype, torch.set_default_dtype),
    ProcessSetting("default tensor type", torch._C._get_default_device, _set_tensor_type),
    ProcessSetting("threads of torch", torch.get_num_threads, torch.set_num_threads),
    ProcessSetting(
        "denormal numbers", _denormal_numbers, lambda kept: torch.set_flush_denormal(not kept)
    ),
    ProcessSetting("gradients", torch.is_grad_enabled, torch._C._set_grad_enabled),
    ProcessSetting("inference mode", torch.is_inference_mode_enabled, lambda mode: None),
    ProcessSetting(
        "detection of anomalies", _anomaly, lambda wanted: torch.set_anomaly_enabled(*wanted)
    ),
    ProcessSetting(
        "threads of autograd",
        torch.autograd.is_multithreading_enabled,
        torch._C._set_multithreading_enabled,
    ),
    ProcessSetting(
        "deterministic algorithms",
        torch.get_deterministic_debug_mode,
        torch.set_deterministic_debug_mode,
    ),
    attribute(deterministic, "fill_uninitialized_memory"),
    ProcessSetting("precision of float32", _precisions, _set_precisions),
    *(attribute(cudnn, name, f"cudnn.{name}") for name in ("enabled", "benchmark")),
    *(attribute(cudnn, name, f"cudnn.{name}") for name in ("deterministic", "benchmark_limit")),
    *(attribute(mkldnn, name, f"mkldnn.{name}") for name in ("enabled", "deterministic")),
    *(attribute(opt_einsum, name, f"opt_einsum.{name}") for name in ("enabled", "strategy")),
    ProcessSetting("nnpack", torch._C._get_nnpack_enabled, nnpack.set_flags),
    *(_attention(kind) for kind in ("flash", "mem_efficient", "math", "cudnn")),
    *(setting for device in ("cpu", "cuda") for setting in _autocast(device)),
    ProcessSetting(
        "cache of autocast", torch.is_autocast_cache_enabled, torch.set_autocast_cache_enabled
    ),
    *(_hooks(name) for name in HOOKS),
    ProcessSetting("GPU", _cuda_device, torch.cuda.set_device),
    ProcessSetting("warnings of torch", torch.is_warn_always_enabled, torch.set_warn_always),
    ProcessSetting(
        "sharing of tensors",
        torch.multiprocessing.get_sharing_strategy,
        torch.multiprocessing.set_sharing_strategy,
    ),
)
