"""How another run was configured, as its folder says; nothing of the environment is told to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import GrammarParseError, OmegaConfBaseException
from pydantic import BaseModel, ValidationError

from nas_hydra.config.interpolation import sealed
from nas_hydra.config.later import with_later
from nas_hydra.config.total_steps import NAME, PART, TOTAL_STEPS
from nas_hydra.errors import ConfigError
from nas_hydra.files.small_file import read_yaml
from nas_hydra.masking import MASK

CONFIG, HYDRA = ".hydra/config.yaml", ".hydra/hydra.yaml"


@dataclass(frozen=True)
class PastConfig:
    """How a run was configured.

    Args:
        plain: the whole config, references unresolved.
        hydra: Hydra's own part, resolved where it says what this run was.
    """

    plain: Mapping[str, Any]
    hydra: Mapping[str, Any]

    @property
    def choices(self) -> Mapping[str, str]:
        """Config group -> the option taken."""
        return dict(self.hydra["runtime"]["choices"])

    @property
    def output(self) -> str:
        """The run's folder at the time."""
        return str(self.hydra["runtime"]["output_dir"])

    @property
    def cwd(self) -> Path:
        """Where the command was typed."""
        return Path(self.hydra["runtime"]["cwd"])

    @property
    def group(self) -> str:
        """The name of the sweep that the run was part of, or its own folder's."""
        sweep = self.hydra.get("mode") == "MULTIRUN"
        return Path(self.hydra["sweep"]["dir"]).name if sweep else Path(self.output).name

    def written(self, *path: str) -> Mapping[str, Any]:
        """A part as it is written; empty if there is none."""
        found: Any = self.plain
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    def setting(self, key: str) -> Any:
        """A setting, resolved without the environment.

        Raises:
            ConfigError: if that cannot be done.
        """
        try:
            with sealed():
                return OmegaConf.select(self.opened(), key)
        except OmegaConfBaseException as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(key, f"cannot be resolved ({reason}); say {key}=VALUE") from error

    def opened(self) -> DictConfig:
        """The whole config, without references to what only that run's process knew."""
        with sealed():
            return DictConfig(_without_hydra(self.plain, self.hydra))


HIDDEN = rf"^{re.escape(MASK)}$|:{re.escape(MASK)}@"
"""A value that was masked when the config was written."""


def _without_hydra(value: Any, hydra: Mapping[str, Any]) -> Any:
    """A part of a config, in which ``${hydra:...}`` is what it was in the run."""
    if isinstance(value, Mapping):
        return {key: _without_hydra(part, hydra) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_hydra(part, hydra) for part in value]
    if isinstance(value, str) and re.search(HIDDEN, value):
        return "???"  # whoever needs it asks for it
    if not isinstance(value, str) or "${hydra:" not in value:
        return value
    known = OmegaConf.create(dict(hydra))
    return re.sub(
        r"\$\{hydra:([^}]+)\}", lambda found: str(OmegaConf.select(known, found[1])), value
    )


class _Runtime(BaseModel):
    choices: dict[str, Any]
    output_dir: str
    cwd: str


class _Sweep(BaseModel):
    dir: str = ""


class _Hydra(BaseModel):
    """What is read of Hydra's own part."""

    runtime: _Runtime
    sweep: _Sweep = _Sweep()


class _HydraFile(BaseModel):
    hydra: _Hydra


def read_config(folder: Path, key: str) -> PastConfig:
    """How the search in a folder was configured; ``key`` names the folder in messages.

    Raises:
        ConfigError: if no search has begun there, or what it has left cannot be read.
    """
    for name in (CONFIG, HYDRA):
        if not (folder / name).is_file():
            raise ConfigError(key, f"{folder} holds no {name}; give the folder of one search")
    plain, hydra = _yaml(folder / CONFIG), _yaml(folder / HYDRA)
    if not isinstance(plain, Mapping):
        raise _damaged(folder / CONFIG, "it holds no keys")
    if isinstance(trainer := plain.get(PART), dict):
        trainer.setdefault(NAME, TOTAL_STEPS)  # those of version 0.1 lack it
    try:
        _HydraFile.model_validate(hydra)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise _damaged(folder / HYDRA, f"{place}: {first['msg']}") from error
    try:
        OmegaConf.create(dict(plain))
    except GrammarParseError as error:  # a file that was cut ends in the midst of a reference
        raise _damaged(folder / CONFIG, str(error).splitlines()[0]) from error
    return PastConfig(with_later(plain), hydra["hydra"])


def _damaged(file: Path, problem: str) -> ConfigError:
    return ConfigError(
        "folder",
        f"{file} is damaged ({problem}). To write it anew, go on with the search: its own command"
        " with the same hydra.run.dir",
    )


def _yaml(file: Path) -> Any:
    try:
        return read_yaml(file)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            "folder", f"{file} cannot be read: {str(error).splitlines()[0]}"
        ) from error
