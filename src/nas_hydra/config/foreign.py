"""What the config of a finished run or model may do: name the parts of networks, and no more.

Such a folder may come from anybody. While a command reads one, nothing is imported or called by
name but what is known to make a network or to train one, and what the user has named; and no
text of a config reaches the environment.
"""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

from nas_hydra.config.interpolation import without_environment
from nas_hydra.errors import ConfigError, cut

PACKAGES = (
    *("torch", "torchvision", "torchmetrics", "pytorch_lightning", "lightning", "optuna"),
    "nas_hydra",
)
"""The packages some of whose parts may be named."""

FUNCTIONS = (
    *("torch.nn.functional", "torch.nn.init", "torch._C._nn", "torch.nn.utils.parametrizations"),
    *("torchvision.models", "torchvision.ops", "torchvision.transforms"),
    *("nas_hydra.cell", "nas_hydra.constraint", "nas_hydra.model"),
)
"""Where functions and classes are defined that make networks, or judge them."""

CLASSES = (
    *FUNCTIONS,
    *("torch.nn.modules", "torch.optim"),
    *(f"torchmetrics.{kind}" for kind in ("aggregation", "classification", "regression")),
    *(f"{name}.trainer.trainer" for name in ("pytorch_lightning", "lightning.pytorch")),
    *(f"{name}.callbacks" for name in ("pytorch_lightning", "lightning.pytorch")),
    *("optuna.samplers", "optuna.pruners"),
    *(f"nas_hydra.dataset.{name}" for name in ("augment", "digits", "fake", "image_folder")),
    *(f"nas_hydra.dataset.{name}" for name in ("mnist", "prepare", "split", "torchvision")),
    *(f"nas_hydra.dataset.{name}" for name in ("bundled", "combined", "masks", "series", "table")),
    *(f"nas_hydra.dataset.{name}" for name in ("tensors", "text")),
    *(f"nas_hydra.evaluator.{name}" for name in ("command", "final", "function", "latency")),
    *(f"nas_hydra.evaluator.{name}" for name in ("own", "tabular", "train")),
    *("nas_hydra.engine.processes", "nas_hydra.engine.serial", "nas_hydra.scheduler"),
    *("nas_hydra.fidelity", "nas_hydra.inherit", "nas_hydra.task"),
    *("nas_hydra.tracker.none", "nas_hydra.tracker.wandb"),
)
"""Where classes are defined that make networks, data or training."""

NAMED = (
    *("torch.nn", "torch.optim", "torchmetrics", "pytorch_lightning", "lightning.pytorch"),
    *(home for home in CLASSES if home.startswith(("torchvision.", "optuna.", "nas_hydra."))),
)
"""By what names these are known; nothing else of the packages is even imported."""

WRITERS = ("model_checkpoint", "on_exception_checkpoint")
"""Modules of callbacks that write wherever the config says."""

PROGRAMS = "nas_hydra.evaluator.command"
"""What the user names to have a finished run's own program run."""

TARGET = "._target_"
NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Policy:
    """What the user has named.

    Args:
        trust: modules, or what is in them.
        typed: targets that stand on the command line.
    """

    trust: frozenset[str] = frozenset()
    typed: frozenset[str] = frozenset()

    def names(self, target: str) -> bool:
        """Whether the user has named a target, or what it is in."""
        return target in self.typed or any(_within(target, name) for name in self.trust)


_policy: Policy | None = None
"""Of the process and all its threads, as OmegaConf's resolvers are; None while a search runs."""


@contextmanager
def foreign(trust: Sequence[str] = (), typed: Iterable[Any] = ()) -> Iterator[None]:
    """While this lasts, configs are those of somebody else.

    Inside of another one, what both allow is allowed.

    Args:
        trust: modules whose classes and functions may be called all the same.
        typed: what the user has typed; targets in it may be called.

    Raises:
        ConfigError: if one of ``trust`` is no dotted name.
    """
    global _policy
    for name in trust:
        if not NAME.fullmatch(name):
            raise ConfigError("trust", f"names '{name}'; allowed: [my_package, my_module.Class]")
    outer = _policy
    known = outer or Policy()
    with without_environment():
        _policy = Policy(
            known.trust | {*trust}, known.typed | {text for _, text in _texts(list(typed), "")}
        )
        try:
            yield
        finally:
            _policy = outer


def check_foreign(config: Any, key: str) -> None:
    """Make sure that what a plain config names may be called, before anything is.

    Args:
        config: plain values that are about to be instantiated; checked only where they are
            somebody else's.
        key: where they stand, for messages.

    Raises:
        ConfigError: naming the key and the target; or for a text that Hydra would resolve again,
            to who knows what.
    """
    if _policy is None:
        return
    for place, text in _texts(config, key):
        if "${" in text:
            problem = "in a finished run, nothing is left to be resolved"
            raise ConfigError(place, f"is {text!r}; {problem}")
    check_written(config, key)


def check_written(config: Any, key: str) -> None:
    """Make sure that the targets written in a config, opened or plain, may be called.

    Raises:
        ConfigError: naming the key and the target; where that is a reference, nothing is known yet.
    """
    if _policy is None:
        return
    check_names(config, key)
    for place, text in _texts(config, key):
        if place.endswith(TARGET) and "${" not in text and (found := _found(text)) is not None:
            permit_found(text, found, place)


def find(target: str) -> Any:
    """What a dotted name leads to: in a module that is there, without a search for files.

    An attribute of a module comes before a module within it, as with Hydra.

    Raises:
        Exception: whatever the modules raise while they are imported.
    """
    home, _, name = target.rpartition(".")
    found = getattr(sys.modules.get(home), name, None) if name.isidentifier() else None
    return resolve_name(target) if found is None else found


def _found(target: str) -> Any:
    """What a target leads to; None if it leads nowhere, which whoever calls it will tell."""
    try:
        return find(target)
    except Exception:  # noqa: BLE001  a module may raise anything while it is imported
        return None


def needed_trust(config: Any) -> list[str]:
    """What ``trust`` has to name where a config is read that is somebody else's.

    Args:
        config: plain values, open ones too, of the user's own.
    """
    names: list[str] = []
    for place, text in _texts(config, ""):
        if TARGET not in place or "${" in text or _found(text) is None:
            continue
        with foreign(names):
            try:
                check_written({"_target_": text}, place)
            except ConfigError:
                package = text.partition(".")[0]
                names.append(text if package in PACKAGES else package)
    return names


def check_names(config: Any, key: str) -> None:
    """Make sure that the targets written in a config may be imported; none is.

    Raises:
        ConfigError: as ``check_written``.
    """
    for place, text in _texts(config, key):
        if place.endswith(TARGET) and "${" not in text:
            permit(text, place)


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """Where every text in a plain value stands, and the text."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping | list | tuple):
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, part in parts:
            yield from _texts(part, f"{key}.{name}")


def permit(target: Any, key: str) -> None:
    """Make sure that a target may be imported, by its name alone.

    Raises:
        ConfigError: naming it.
    """
    if _policy is None or not isinstance(target, str) or _policy.names(target):
        return
    package = target.partition(".")[0]
    if not NAME.fullmatch(target) or package not in PACKAGES:
        raise ConfigError(
            key,
            f"is '{target}'; of a finished run or model, only parts of {', '.join(PACKAGES)} are"
            f" called. If you trust it, say trust=[{package}]",
        )
    if not any(_within(target, name) for name in NAMED):
        raise _no_part(target, key)


def permit_found(target: str, found: Any, key: str) -> None:
    """Make sure that what a target has led to is the part of a network or of its training.

    Raises:
        ConfigError: naming it.
    """
    if _policy is None or _policy.names(target):
        return
    homes = CLASSES if inspect.isclass(found) else FUNCTIONS
    module = getattr(found, "__module__", None)
    name = getattr(found, "__qualname__", "")
    known = isinstance(module, str) and any(_within(module, home) for home in homes)
    operation = inspect.isbuiltin(found) and target == f"torch.nn.functional.{name}"
    if operation or (known and "." not in name and not str(module).endswith(WRITERS)):
        return
    raise _no_part(target, key)


def check_command(command: str, key: str) -> None:
    """Make sure that a program may be run: one of a finished run, only if the user says so.

    Raises:
        ConfigError: if it may not.
    """
    if _policy is not None and not _policy.names(PROGRAMS):
        problem = f"is '{cut(command, 100)}'; of a finished run, no program is run"
        raise ConfigError(key, f"{problem}. If you trust it, say trust=[{PROGRAMS}]")


def _no_part(target: str, key: str) -> ConfigError:
    return ConfigError(
        key,
        f"is '{target}', which is no part of a network or of its training, and a finished run or"
        f" model may call nothing else. If you trust it, say trust=[{target}]",
    )


def _within(name: str, home: str) -> bool:
    return name == home or name.startswith(f"{home}.")
