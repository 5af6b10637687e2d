"""Other runs, finished or not, as they left their config and record; reading changes nothing.

Nothing of the environment is told to them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import optuna
import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import GrammarParseError, OmegaConfBaseException
from optuna.storages import BaseStorage
from pydantic import BaseModel, ValidationError

from nas_hydra.config.interpolation import without_environment
from nas_hydra.config.later import with_later
from nas_hydra.config.total_steps import NAME, PART, TOTAL_STEPS
from nas_hydra.errors import ConfigError
from nas_hydra.files.small_file import read_yaml
from nas_hydra.masking import MASK, masked_text
from nas_hydra.objective import Objectives, objectives_from, wanted
from nas_hydra.record.reading import COUNTED, check_study, legible, noted_ending, trials_of
from nas_hydra.record.storage import URL, answering, read_journal, read_storage, sqlite_file
from nas_hydra.run import origin_of, weights_file
from nas_hydra.trial import Evaluation, Trial

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
            with without_environment():
                return OmegaConf.select(self.opened(), key)
        except OmegaConfBaseException as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(key, f"cannot be resolved ({reason}); say {key}=VALUE") from error

    def opened(self) -> DictConfig:
        """The whole config, without references to what only that run's process knew."""
        with without_environment():
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


def _read_config(folder: Path, key: str) -> PastConfig:
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


JOURNAL = "journal.log"


@dataclass(frozen=True)
class PastRun:
    """What a run's record tells.

    Args:
        folder: of the run.
        identity: the part of its config that decided which trials it has, resolved.
        objectives: and limits.
        trials: in ask order; an unfinished run can lack some in between.
        spent: the number of trials whose budget it has spent; None if it is not finished.
    """

    folder: Path
    identity: Mapping[str, Any]
    objectives: Objectives
    trials: Sequence[Trial]
    spent: int | None

    @property
    def evaluated(self) -> list[Trial]:
        """The complete trials that are no duplicates; those of one candidate are repeats."""
        return [trial for trial in self.trials if trial.complete and trial.duplicate_of is None]

    @property
    def farthest(self) -> list[Trial]:
        """Of the evaluated trials of a candidate, those that were trained farthest."""
        levels: dict[str, int] = {}
        for trial in self.evaluated:
            levels[trial.key] = max(trial.level, levels.get(trial.key, 0))
        return [trial for trial in self.evaluated if trial.level == levels[trial.key]]

    def evaluation(self, trial: Trial) -> Evaluation:
        """What a trial measured; its source is the run that did, not one that took it over."""
        origin = origin_of(weights_file(self.folder, trial.number))
        return Evaluation(
            trial.metrics,
            trial.epochs,
            trial.seconds,
            source=trial.source or origin,
            curves=trial.curves,
        )


@dataclass(frozen=True)
class FinishedSearch:
    """A search that is read, by whatever comes after it.

    Args:
        origin: its config as it was.
        past: its record.
    """

    origin: PastConfig
    past: PastRun


def read_search(folder: Path, key: str, url: str | None = None) -> FinishedSearch:
    """A search: how it was configured, and its record.

    Args:
        folder: of the run.
        key: the config key that names it, for messages.
        url: of its record's storage, as the user names it; else no server is connected to.

    Raises:
        ConfigError: if no search has begun there, or what it has left cannot be read.
    """
    return FinishedSearch(_read_config(folder, key), read_run(folder, key, url))


def read_run(folder: Path, key: str, url: str | None = None) -> PastRun:
    """The record of a run alone: its journal file, or what its config names.

    Args:
        folder: of the run.
        key: the config key that names it, for messages.
        url: as of ``read_search``.

    Raises:
        ConfigError: if there is none, or it is damaged.
    """
    where = f"the record of {folder}"
    study = _study(folder, key, url)
    with legible(key, where):
        return _read(study, folder, key, where)


def _read(study: optuna.Study | None, folder: Path, key: str, where: str) -> PastRun:
    """What a study holds."""
    if study is None or "identity" not in study.user_attrs:
        raise ConfigError(key, f"{where} is the record of no search of ours")
    check_study(study, key, where)
    given = study.user_attrs["identity"].get("objective", {})
    names = study.metric_names or list(given)
    own = {
        name: direction.name.lower()
        for name, direction in zip(names, study.directions, strict=True)
    }
    trials = trials_of(study, names, key, where)
    return PastRun(
        folder,
        study.user_attrs["identity"],
        objectives_from(wanted(own, given)),
        sorted(trials, key=lambda trial: trial.number),
        _spent(noted_ending(study) or {}),
    )


def _spent(noted: Mapping[str, Any]) -> int | None:
    """How many trials a noted budget allows; as many as there were, where it limits others."""
    return noted.get(COUNTED) if noted.get("trials") is None else noted["trials"]


def _study(folder: Path, key: str, url: str | None) -> optuna.Study | None:
    """The study of a run; None if what should hold it does not."""
    if (folder / JOURNAL).is_file():
        return _load(read_journal(folder / JOURNAL))
    if (folder / CONFIG).is_file():
        config = _read_config(folder, key)
        given = config.written("record", "storage")
        if "url" in given:
            return _load(_storage(config, folder, url), str(config.setting("record.study")))
        if "path" in given:
            file = _near(config.cwd / str(config.setting("record.storage.path")), folder)
            if file.is_file():
                return _load(read_journal(file), str(config.setting("record.study")))
    raise ConfigError(
        key,
        f"{folder} holds no {JOURNAL}, the record of a search, and names none elsewhere; give the"
        " folder of a run",
    )


def _load(kept: BaseStorage, study: str | None = None) -> optuna.Study | None:
    """A study of a storage; without a name, the first."""
    with answering(partial(ConfigError, URL)):
        names = optuna.get_all_study_names(kept)
        name = next((name for name in names if study in (None, name)), None)
        return optuna.load_study(study_name=name, storage=kept) if name else None


NAME_IT = f"If it is yours, say {URL}=..., with the storage where the record is"


def _storage(config: PastConfig, folder: Path, named: str | None) -> BaseStorage:
    """The storage that the user names, or else a file near the run.

    Raises:
        ConfigError: if it is neither, or not there.
    """
    given = str(config.setting(URL)) if named is None else named
    database = sqlite_file(given)
    if database is None and named is None:
        raise ConfigError(
            URL,
            f"is {masked_text(given)}; a finished run that is read connects to no server."
            f" {NAME_IT}",
        )
    if database is None:
        return read_storage(given)
    file = Path(database) if named else _near(config.cwd / database, folder)
    if not file.is_file():
        raise ConfigError(URL, f"is {masked_text(given)}, but there is no file {file}")
    return read_storage(f"sqlite:///{file.absolute()}")


def _near(file: Path, folder: Path) -> Path:
    """A file, if it lies in the run's folder, in one above, or in the working folder.

    Raises:
        ConfigError: if it lies elsewhere; a stranger's run would have us open whatever it names.
    """
    place, home = file.resolve(), folder.resolve()
    near = (home, Path.cwd())
    if place.parent in home.parents or any(place.is_relative_to(one) for one in near):
        return file
    raise ConfigError(
        URL, f"the record of {folder} is said to be {file}, which is not near it. {NAME_IT}"
    )
