"""What Python and the system keep for the whole process.

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
from collections.abc import Mapping
from functools import cache
from typing import Any

from nas_hydra.engine.setting import Setting, attribute

SIGNALS = sorted(number for number in signal.valid_signals() if isinstance(number, signal.Signals))
LIMITS = [value for name, value in vars(resource).items() if name.startswith("RLIMIT_")]


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


SETTINGS = [
    Setting("working folder", os.getcwd, os.chdir),
    Setting("environment", lambda: dict(os.environ), _set_environment),
    Setting(
        "filters of warnings",
        lambda: (list(warnings.filters), warnings.showwarning),
        _set_warnings,
    ),
    Setting("handlers of signals", _handlers, _set_handlers),
    Setting(
        "blocked signals",
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda mask: signal.pthread_sigmask(signal.SIG_SETMASK, mask),
    ),
    Setting("alarm", lambda: signal.getitimer(signal.ITIMER_REAL) != (0, 0), _set_alarm),
    Setting("limits of resources", _limits, _set_limits),
    Setting(
        "niceness",
        lambda: os.getpriority(os.PRIO_PROCESS, 0),
        lambda value: os.setpriority(os.PRIO_PROCESS, 0, value),
    ),
    Setting("loggers", _loggers, _set_loggers),
    attribute(logging.root.manager, "disable", "level below which nothing is logged"),
    Setting("sys.path", lambda: list(sys.path), lambda wanted: _set_list(sys.path, wanted)),
    Setting("sys.argv", lambda: list(sys.argv), lambda wanted: _set_list(sys.argv, wanted)),
    *(attribute(sys, name, f"sys.{name}") for name in ("stdin", "stdout", "stderr", "excepthook")),
    Setting("trace", sys.gettrace, sys.settrace),
    Setting("profile", sys.getprofile, sys.setprofile),
    Setting("recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
    Setting("switch interval", sys.getswitchinterval, sys.setswitchinterval),
    Setting("garbage collection", gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    Setting(
        "thresholds of garbage collection", gc.get_threshold, lambda them: gc.set_threshold(*them)
    ),
    Setting(
        "locale",
        lambda: locale.setlocale(locale.LC_ALL),
        lambda name: locale.setlocale(locale.LC_ALL, name),
    ),
    Setting(
        "start method of processes",
        lambda: multiprocessing.get_start_method(allow_none=True),
        lambda method: multiprocessing.set_start_method(method, force=True),
    ),
]
if hasattr(os, "sched_getaffinity"):
    SETTINGS.append(
        Setting(
            "cores",
            lambda: os.sched_getaffinity(0),
            lambda cores: os.sched_setaffinity(0, cores),
        )
    )
