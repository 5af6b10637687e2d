"""Tensors that several processes see, without ``/dev/shm``.

Torch keeps what processes share in files there, and a container has 64 MB of it as it comes, or
cannot write to it. Here it is memory of no file system, of which there is as much as memory.
"""

import io
import logging
import mmap
import os
from collections.abc import Callable, Sequence
from multiprocessing.reduction import DupFd, ForkingPickler
from tempfile import TemporaryFile, gettempdir
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import reduce_tensor
from torch.utils.weak import WeakIdKeyDictionary

from nas_hydra.errors import SearchFailedError, in_one_line

log = logging.getLogger(__name__)

Reduced = tuple[Callable[..., Tensor], tuple[Any, ...]]
"""What pickle keeps of a tensor: a function and its arguments."""


class Sent:
    """A copy of a tensor that other processes see; what they unpickle is a tensor.

    Args:
        tensor: on the CPU, with at least one number.
    """

    def __init__(self, tensor: Tensor) -> None:
        strides = torch.empty_like(tensor, device="meta").stride()
        self._layout = tensor.shape, strides, tensor.dtype
        self._descriptor = _allocated(tensor.numel() * tensor.itemsize)
        self.tensor = mapped(self._descriptor, *self._layout).copy_(tensor)

    def __reduce__(self) -> Reduced:
        return _received, (DupFd(self._descriptor), *self._layout)

    def __del__(self) -> None:
        if hasattr(self, "_descriptor"):  # there was room
            os.close(self._descriptor)


_shared: WeakIdKeyDictionary = WeakIdKeyDictionary()
"""Tensor -> the memory that it lies in, of those that are shared."""


def share(tensor: Tensor) -> None:
    """Move a tensor to where other processes see it; it stays the same tensor."""
    if tensor not in _shared:
        _shared[tensor] = sent = Sent(tensor)
        tensor.data = sent.tensor


def pickled(content: Any) -> bytes:
    """Something for a process that is being started; only what is shared is not copied."""
    buffer = io.BytesIO()
    pickler = ForkingPickler(buffer)
    pickler.dispatch_table = {**pickler.dispatch_table, Tensor: _reduced}
    pickler.dump(content)
    return buffer.getvalue()


def _reduced(tensor: Tensor) -> Any:
    if tensor in _shared:
        return _shared[tensor].__reduce__()
    if tensor.is_shared():  # type: ignore[no-untyped-call]  # in torch's way, by somebody else
        return reduce_tensor(tensor)  # type: ignore[no-untyped-call]
    buffer = io.BytesIO()
    torch.save(tensor, buffer)
    return _copied, (buffer.getvalue(),)


def _copied(saved: bytes) -> Tensor:
    tensor: Tensor = torch.load(io.BytesIO(saved), weights_only=True)
    return tensor


def _received(
    descriptor: Any, shape: Sequence[int], strides: Sequence[int], dtype: torch.dtype
) -> Tensor:
    """The tensor that another process has sent."""
    number = descriptor.detach()
    try:
        return mapped(number, shape, strides, dtype)
    finally:
        os.close(number)


def mapped(
    descriptor: int, shape: Sequence[int], strides: Sequence[int], dtype: torch.dtype
) -> Tensor:
    """The tensor whose numbers are the bytes of a file."""
    return torch.frombuffer(mmap.mmap(descriptor, 0), dtype=dtype).as_strided(shape, strides)


def _allocated(size: int) -> int:
    """A file that has no name and so many bytes, in memory if the system can do that.

    Raises:
        SearchFailedError: if there is no room for it.
    """
    try:
        descriptor = os.memfd_create("nas-hydra")
    except (AttributeError, OSError) as error:  # not Linux, or a sandbox that forbids it
        return _on_disk(size, in_one_line(error))
    os.ftruncate(descriptor, size)
    return descriptor


def _on_disk(size: int, reason: str) -> int:
    log.info("data: workers share %.0f MB in %s: %s", size / 1e6, gettempdir(), reason)
    try:
        with TemporaryFile() as file:
            os.posix_fallocate(file.fileno(), 0, size)
            return os.dup(file.fileno())
    except OSError as error:
        raise SearchFailedError(
            f"there is no room for {size / 1e6:.0f} MB that workers share: {in_one_line(error)}."
            " Set TMPDIR to a folder with more of it, or add engine=serial"
        ) from error
