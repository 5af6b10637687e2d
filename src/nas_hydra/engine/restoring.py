"""What a trial changes of its process is put back, so that it changes no other trial.

Not the states of random generators: whoever trains seeds them all, and puts them back.
"""

import gc
import locale
import logging
import multiprocessing
import os
import resource
import signal
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from nas_hydra.engine.runtime import ProcessSetting, attribute

SIGNALS = sorted(number for number in signal.valid_signals() if isinstance(number, signal.Signals))
LIMITS = [value for name, value in vars(resource).items() if name.startswith("RLIMIT_")]

ROUNDS = 2
"""How often what differs is written."""
REFUSALS = (OSError, ValueError, RuntimeError, TypeError, AttributeError, AssertionError)
"""What reading and writing settings raises, of the system, of Python and of torch."""


def _set_environment(wanted: Mapping[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    os.environ.update(wanted)


def _set_warnings(wanted: tuple[list[Any], Any]) -> None:
    with warnings.catch_warnings():  # tells Python, when it is left, that filters have changed
        pass
    warnings.filters[:], warnings.showwarning = wanted  # type: ignore[index]
    with warnings.catch_warnings():
        pass


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in SIGNALS}


def _set_handlers(wanted: Mapping[int, Any]) -> None:
    if threading.current_thread() is not threading.main_thread():
        return  # where nobody can set one
    for number, handler in wanted.items():
        if handler is not None and signal.getsignal(number) != handler:
            signal.signal(number, handler)


def _set_alarm(wanted: bool) -> None:
    if not wanted:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limits() -> dict[int, tuple[int, int]]:
    return {limit: resource.getrlimit(limit) for limit in LIMITS}


def _set_limits(wanted: Mapping[int, tuple[int, int]]) -> None:
    for limit, values in wanted.items():
        if resource.getrlimit(limit) != values:
            resource.setrlimit(limit, values)


@cache
def _known_loggers() -> list[logging.Logger]:
    """The root logger and ours, but for those of modules that are not imported yet."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    return [logging.root, *(one for one in loggers if one.name.startswith("nas_hydra"))]


def _loggers() -> list[tuple[logging.Logger, list[logging.Handler], int, bool, bool]]:
    return [
        (logger, logger.handlers[:], logger.level, logger.propagate, logger.disabled)
        for logger in _known_loggers()
    ]


def _set_loggers(wanted: Any) -> None:
    for logger, handlers, level, logger.propagate, logger.disabled in wanted:
        logger.handlers[:] = handlers
        logger.setLevel(level)


def _set_list(owner: list[Any], wanted: list[Any]) -> None:
    owner[:] = wanted


PROCESS = [
    ProcessSetting("working folder", os.getcwd, os.chdir),
    ProcessSetting("environment", lambda: dict(os.environ), _set_environment),
    ProcessSetting(
        "filters of warnings",
        lambda: (list(warnings.filters), warnings.showwarning),
        _set_warnings,
    ),
    ProcessSetting("handlers of signals", _handlers, _set_handlers),
    ProcessSetting(
        "blocked signals",
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda mask: signal.pthread_sigmask(signal.SIG_SETMASK, mask),
    ),
    ProcessSetting("alarm", lambda: signal.getitimer(signal.ITIMER_REAL) != (0, 0), _set_alarm),
    ProcessSetting("limits of resources", _limits, _set_limits),
    ProcessSetting(
        "niceness",
        lambda: os.getpriority(os.PRIO_PROCESS, 0),
        lambda value: os.setpriority(os.PRIO_PROCESS, 0, value),
    ),
    ProcessSetting("loggers", _loggers, _set_loggers),
    attribute(logging.root.manager, "disable", "level below which nothing is logged"),
    ProcessSetting("sys.path", lambda: list(sys.path), lambda wanted: _set_list(sys.path, wanted)),
    ProcessSetting("sys.argv", lambda: list(sys.argv), lambda wanted: _set_list(sys.argv, wanted)),
    *(attribute(sys, name, f"sys.{name}") for name in ("stdin", "stdout", "stderr", "excepthook")),
    ProcessSetting("trace", sys.gettrace, sys.settrace),
    ProcessSetting("profile", sys.getprofile, sys.setprofile),
    ProcessSetting("recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    ProcessSetting("switch interval", sys.getswitchinterval, sys.setswitchinterval),
    ProcessSetting(
        "garbage collection", gc.isenabled, lambda on: gc.enable() if on else gc.disable()
    ),
    ProcessSetting(
        "thresholds of garbage collection", gc.get_threshold, lambda them: gc.set_threshold(*them)
    ),
    ProcessSetting(
        "locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda name: locale.setlocale(locale.LC_ALL, name),
    ),
    ProcessSetting(
        "start method of processes",
        lambda: multiprocessing.get_start_method(allow_none=True),
        lambda method: multiprocessing.set_start_method(method, force=True),
    ),
]
if hasattr(os, "sched_getaffinity"):
    PROCESS.append(
        ProcessSetting(
            "cores",
            lambda: os.sched_getaffinity(0),
            lambda cores: os.sched_setaffinity(0, cores),
        )
    )


NUMPY = ProcessSetting(
    "numpy's handling of errors",
    lambda: sys.modules["numpy"].geterr(),
    lambda state: sys.modules["numpy"].seterr(**state),
)


Known = tuple[ProcessSetting, Any]
"""A setting and its value before."""


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


def _settings() -> Iterator[ProcessSetting]:
    yield from PROCESS
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


def _read(setting: ProcessSetting) -> Any:
    try:
        return setting.read()
    except REFUSALS:
        return None


def _write(setting: ProcessSetting, value: Any) -> None:
    """Write a setting; whether that worked shows when it is read again."""
    try:
        setting.write(value)
    except REFUSALS:
        return
