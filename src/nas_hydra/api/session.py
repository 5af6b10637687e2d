"""The config of a search that a program begins, and its folder; the host stays as it was."""

import logging
import random
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from nas_hydra.compose import begun, changed, composed
from nas_hydra.config.component import importable
from nas_hydra.config.interpolation import naming_origin
from nas_hydra.errors import ConfigError, NasHydraError
from nas_hydra.masking import masked_words
from nas_hydra.process.warned import said_once
from nas_hydra.shell import override

CHATTY = ("optuna", "pytorch_lightning")
"""Loggers of libraries that a search quiets."""


@dataclass(frozen=True)
class Session:
    """What a search begins with.

    Args:
        config: the composed config.
        choices: config group -> the option taken.
        folder: of the run; it is there.
        command: that does the same.
    """

    config: DictConfig
    choices: Mapping[str, str]
    folder: Path
    command: str


@contextmanager
def session(
    config: DictConfig | Sequence[str] | None,
    overrides: Sequence[str],
    config_dir: Path | str | None,
) -> Iterator[Session]:
    """Compose, and make the folder; it goes again if nothing comes to be in it.

    Args:
        config: composed by the host, in its own Hydra job or with its ``hydra`` node; a sequence
            is overrides.
        overrides: as one would type them.
        config_dir: a further folder of config groups.

    Raises:
        ConfigError: if the config is wrong.
    """
    _check_guarded()
    given = config if isinstance(config, DictConfig) else None
    typed = [*overrides] if isinstance(config, DictConfig) else [*(config or ()), *overrides]
    folders = [] if config_dir is None else [Path(config_dir)]
    with undisturbed(), importable(folders), _composed(given, typed, folders) as own:
        folder = Path(own.folder)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with naming_origin(own), said_once():
                yield Session(
                    own, dict(HydraConfig.get().runtime.choices), folder, _command(folder)
                )
        except NasHydraError:
            with suppress(OSError):
                folder.rmdir()  # only if it is empty
            raise


def _command(folder: Path) -> str:
    typed: Any = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)
    return shlex.join(["nas-hydra", *masked_words(typed), override("hydra.run.dir", str(folder))])


@contextmanager
def _composed(
    config: DictConfig | None, overrides: Sequence[str], folders: Sequence[Path]
) -> Iterator[DictConfig]:
    if config is None:
        with composed(overrides, folders) as own:
            yield own
    elif "hydra" in config:
        with begun(config) as own:
            yield changed(own, overrides, folders)
    elif HydraConfig.initialized():
        yield changed(config, overrides, folders)
    else:
        raise ConfigError(
            "config",
            "has no hydra node; compose it with hydra.compose(..., return_hydra_config=True), or"
            " give overrides instead",
        )


def _check_guarded() -> None:
    """Make sure that this is no worker which is only importing the script that started it.

    Raises:
        ConfigError: if it is; without a guard, each worker would begin the search anew.
    """
    if getattr(current_process(), "_inheriting", False):  # as multiprocessing itself asks
        raise ConfigError(
            "engine",
            "workers import the script that starts them; put its search below"
            " if __name__ == '__main__': (a notebook needs none, nor does engine=serial)",
        )


@contextmanager
def undisturbed() -> Iterator[None]:
    """Libraries' loggers quieted for a while, and put back as the host has them.

    So is Python's own generator, from which rich draws.
    """
    loggers = [logging.getLogger(name) for name in CHATTY]
    levels, state = [logger.level for logger in loggers], random.getstate()
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        random.setstate(state)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
