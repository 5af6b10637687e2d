"""How a process that evaluates computes: threads of torch, and what is done with freed memory."""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8
"""Parameters of glibc's ``mallopt``, as its ``malloc.h`` numbers them."""

PAGES = {"THP_MEM_ALLOC_ENABLE": "1"}
"""Has torch align tensors with pages of 2 MB, if it is set before the first tensor is made.

Tensors of many sizes then fit into each other's gaps more often, and are made of fewer pages.
"""

KEPT = 512_000_000
"""Bytes that may be free after a trial and are kept for the next one: no large network's need."""


class ProcessSetting(NamedTuple):
    """Something that a library or the system keeps for the whole process.

    Args:
        name: in the user's words.
        read: gives a value that can be compared and does not change with the setting.
        write: takes such a value.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], Any]


def attribute(owner: Any, name: str, words: str | None = None) -> ProcessSetting:
    """A setting that is an attribute.

    Args:
        owner: whose.
        name: of the attribute.
        words: what it is called; None: as the attribute.
    """
    return ProcessSetting(
        words or name, lambda: getattr(owner, name), lambda value: setattr(owner, name, value)
    )


class _Usage(ctypes.Structure):
    """glibc's ``struct mallinfo2``."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


@cache
def _glibc() -> ctypes.CDLL | None:
    """The C library, if it can be told all this; others are left alone."""
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallinfo2"):  # glibc 2.33, 2021
        return None
    library.mallinfo2.restype = _Usage
    return library


def can_be_told() -> bool:
    """Whether the C library is one that does what this module asks for."""
    return _glibc() is not None


def keep_freed() -> None:
    """Keep what is freed for the next allocation; to be called before there are other threads.

    A training step frees its activations and the next one needs as much again. As it comes, glibc
    gives large blocks back to the system, which then makes every page anew, filled with zeros: a
    third of the time that a wide network takes. There is one arena for all threads after this, or
    what one of them frees would be of no use to the others.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(M_ARENA_MAX, 1)
        library.mallopt(M_MMAP_MAX, 0)
        library.mallopt(M_TRIM_THRESHOLD, -1)


def release(kept: int) -> None:
    """Give freed memory back to the system if that is more than so many bytes.

    To fetch it again costs the next training some 30 ms for 100 MB.
    """
    library = _glibc()
    if library is not None and library.mallinfo2().fordblks > kept:
        library.malloc_trim(0)


@contextmanager
def pinned(threads: int) -> Iterator[None]:
    """So many threads of torch, and denormal numbers as zeros, for a while.

    Sums depend on how they are split among threads, so results do too. Denormals come up where
    weights decay, and make a CPU many times slower. An evaluator that works without torch has not
    imported it, and it is not imported for this.

    Args:
        threads: at least 1.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    earlier = torch.get_num_threads()
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(earlier)
