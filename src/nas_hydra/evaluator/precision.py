"""Whether a device has instructions for the precision that a training asks for."""

import logging
from collections.abc import Mapping
from typing import Any

import torch

log = logging.getLogger(__name__)

INSTRUCTIONS: Mapping[str, tuple[str, ...]] = {
    "bf16": ("avx512_bf16", "amx_bf16"),
    "16": ("avx512_fp16", "amx_fp16"),
}
"""Kind of precision -> what a processor of x86 has one of, or computes by detours."""


def detour(precision: str, device: torch.device) -> str | None:
    """Why a precision is slow on a device; None if it is not, or nobody can tell.

    ``bf16-mixed`` took 8 to 15 times as long as float32 on a processor that has AVX2 only.

    Args:
        precision: as Lightning names it: ``32-true``, ``bf16-mixed``, ``16-true``, ...
        device: that trains.
    """
    kind = precision.partition("-")[0]
    if kind not in INSTRUCTIONS or _has_instructions(kind, device):
        return None
    what = "the processor" if device.type == "cpu" else torch.cuda.get_device_name(device)
    return (
        f"trainer.precision is {precision}, for which {what} has no instructions: a training can"
        " take ten times as long as in float32; take trainer.precision=32-true"
    )


def tell_detour(precision: str, device: torch.device) -> None:
    """Say so before anything is trained, see ``detour``."""
    if slow := detour(precision, device):
        log.warning("training: %s", slow)


def _has_instructions(kind: str, device: torch.device) -> bool:
    if device.type == "cuda":
        return kind != "bf16" or torch.cuda.is_bf16_supported(including_emulation=False)
    known = _capabilities() if device.type == "cpu" else {}
    names = INSTRUCTIONS[kind]
    return not any(name in known for name in names) or any(known.get(name) for name in names)


def _capabilities() -> Mapping[str, Any]:
    """What the processor can do, by name; empty where torch is too old to say."""
    ask = getattr(torch.cpu, "get_capabilities", dict)
    return dict(ask())
