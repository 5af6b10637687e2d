"""How torch computes while candidates are evaluated, the same in every engine."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


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
