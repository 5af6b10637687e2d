"""Python's warnings: which are shown, without a change of the filters that others have set.

Filters that change make Python forget what it has shown, and libraries change them all the time.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def said_once() -> Iterator[None]:
    """While this lasts, a warning of the same words from the same line is shown once."""
    seen: set[tuple[str, Any, str, int]] = set()

    def is_new(text: str, *place: Any) -> bool:
        known = (text, *place) in seen
        seen.add((text, *place))
        return not known

    with _showing(is_new):
        yield


@contextmanager
def unsaid(pattern: str) -> Iterator[None]:
    """While this lasts, warnings whose text begins so are not shown."""
    with _showing(lambda text, *_: not re.match(pattern, text)):
        yield


@contextmanager
def _showing(wanted: Callable[..., bool]) -> Iterator[None]:
    earlier = warnings.showwarning

    def show(message: Any, category: Any, filename: str, lineno: int, *more: Any) -> None:
        if wanted(str(message), category, filename, lineno):
            earlier(message, category, filename, lineno, *more)

    warnings.showwarning = show  # type: ignore[assignment]  # it passes on what it gets
    try:
        yield
    finally:
        warnings.showwarning = earlier
