"""What a trial changes of its process is put back, so that it changes no other trial."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from nas_hydra.engine import python_state
from nas_hydra.engine.setting import Setting

NUMPY = Setting(
    "numpy's handling of errors",
    lambda: sys.modules["numpy"].geterr(),
    lambda state: sys.modules["numpy"].seterr(**state),
)

ROUNDS = 2
"""How often what differs is written."""

Known = tuple[Setting, Any]
"""A setting and its value before."""

REFUSALS = (OSError, ValueError, RuntimeError, TypeError, AttributeError, AssertionError)
"""What reading and writing settings raises, of the system, of Python and of torch."""


@contextmanager
def restored() -> Iterator[list[str]]:
    """Put back what is changed meanwhile of the settings of Python, numpy and torch.

    Libraries that are not imported are not imported for this.

    Yields:
        A list that has in the end the names of those that could not be put back.
    """
    lost: list[str] = []
    before = [(setting, _read(setting)) for setting in _settings()]
    try:
        yield lost
    finally:
        changed = _changed(before)
        if changed:
            lost.extend(_put_back(before, changed))


def _settings() -> Iterator[Setting]:
    yield from python_state.SETTINGS
    if "numpy" in sys.modules:
        yield NUMPY
    if "torch" in sys.modules:
        from nas_hydra.engine import torch_state

        yield from torch_state.SETTINGS


def _changed(before: Iterable[Known]) -> list[Known]:
    return [(setting, value) for setting, value in before if _read(setting) != value]


def _put_back(before: list[Known], changed: list[Known]) -> list[str]:
    """The names of the settings that are not as before in spite of all."""
    for _ in range(ROUNDS):
        for setting, value in changed:
            _write(setting, value)
        changed = _changed(before)  # of all: some settings change others
    return [setting.name for setting, _ in changed]


def _read(setting: Setting) -> Any:
    try:
        return setting.read()
    except REFUSALS:
        return None


def _write(setting: Setting, value: Any) -> None:
    """Write a setting; whether that worked shows when it is read again."""
    try:
        setting.write(value)
    except REFUSALS:
        return
