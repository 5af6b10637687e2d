"""What other runs' records hold, finished or not; reading them changes nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial
from sqlalchemy.engine import make_url

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objectives, objectives_from, wanted
from nas_hydra.record.storage import read_journal, storage
from nas_hydra.record.study import trial_of
from nas_hydra.run import origin_of, weights_file
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Evaluation, Proposal, Trial

JOURNAL = "journal.log"
CONFIG, HYDRA = ".hydra/config.yaml", ".hydra/hydra.yaml"


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

    @property
    def config_dirs(self) -> list[Path]:
        """The folders of config groups beside nas-hydra's own, as far as they are still there."""
        sources = self.hydra["runtime"].get("config_sources", [])
        folders = [Path(source["path"]) for source in sources if source["schema"] == "file"]
        return [folder for folder in folders if folder.is_dir()]

    def opened(self) -> DictConfig:
        """The whole config, without references to what only that run's process knew."""
        return DictConfig(_without_hydra(self.plain, self.hydra))


def _without_hydra(value: Any, hydra: Mapping[str, Any]) -> Any:
    """A part of a config, in which ``${hydra:...}`` is what it was in the run."""
    if isinstance(value, Mapping):
        return {key: _without_hydra(part, hydra) for key, part in value.items()}
    if isinstance(value, list):
        return [_without_hydra(part, hydra) for part in value]
    if not isinstance(value, str) or "${hydra:" not in value:
        return value
    known = OmegaConf.create(dict(hydra))
    return re.sub(
        r"\$\{hydra:([^}]+)\}", lambda found: str(OmegaConf.select(known, found[1])), value
    )


def read_search(folder: Path, key: str) -> tuple[PastConfig, PastRun]:
    """A search: how it was configured, and its record.

    Args:
        folder: of the run.
        key: the config key that names it, for messages.

    Raises:
        ConfigError: if no search has begun there, or what it has left cannot be read.
    """
    return _config(folder, key), read_run(folder, key)


def _config(folder: Path, key: str) -> PastConfig:
    for name in (CONFIG, HYDRA):
        if not (folder / name).is_file():
            raise ConfigError(key, f"{folder} holds no {name}; give the folder of one search")
    return PastConfig(_yaml(folder / CONFIG), _yaml(folder / HYDRA)["hydra"])


def _yaml(file: Path) -> Any:
    try:
        text = file.read_text(encoding="utf-8")
        return yaml.load(text, yaml.CSafeLoader)  # ten times as fast as OmegaConf
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            "folder", f"{file} cannot be read: {str(error).splitlines()[0]}"
        ) from error


def read_run(folder: Path, key: str) -> PastRun:
    """The record of a run alone: its journal file, or what its config names.

    Args:
        folder: of the run.
        key: the config key that names it, for messages.

    Raises:
        ConfigError: if there is none, or it is damaged.
    """
    study = _study(folder, key)
    if study is None or "identity" not in study.user_attrs:
        raise ConfigError(key, f"the record of {folder} is the record of no search of ours")
    given = study.user_attrs["identity"].get("objective", {})
    names = study.metric_names or list(given)
    own = {
        name: direction.name.lower()
        for name, direction in zip(names, study.directions, strict=True)
    }
    trials = [trial_of(_proposal(one), one, names) for one in study.get_trials(deepcopy=False)]
    return PastRun(
        folder,
        study.user_attrs["identity"],
        objectives_from(wanted(own, given)),
        sorted(trials, key=lambda trial: trial.number),
        study.user_attrs.get("finished", {}).get("trials"),
    )


def _proposal(frozen: FrozenTrial) -> Proposal:
    facts = frozen.user_attrs
    genotype = Genotype(frozen.params, facts["key"])
    return Proposal(facts["number"], genotype, facts["origin"], tuple(facts["parents"]))


def _study(folder: Path, key: str) -> optuna.Study | None:
    """The study of a run; None if what should hold it does not."""
    if (folder / JOURNAL).is_file():
        return _load(read_journal(folder / JOURNAL))
    if (folder / CONFIG).is_file():
        config = _config(folder, key)
        record = _settings(config)
        kept = record.get("storage", {})
        if "url" in kept:
            return _load(storage(_whole_url(kept["url"], config.cwd)), record["study"])
        if "path" in kept and (config.cwd / kept["path"]).is_file():
            return _load(read_journal(config.cwd / kept["path"]), record["study"])
    raise ConfigError(
        key,
        f"{folder} holds no {JOURNAL}, the record of a search, and names none elsewhere; give the"
        " folder of a run",
    )


def _load(kept: BaseStorage, study: str | None = None) -> optuna.Study | None:
    """A study of a storage; without a name, the first."""
    names = optuna.get_all_study_names(kept)
    name = next((name for name in names if study in (None, name)), None)
    return optuna.load_study(study_name=name, storage=kept) if name else None


def _settings(config: PastConfig) -> dict[str, Any]:
    """The record's settings, resolved."""
    given = OmegaConf.select(config.opened(), "record") or OmegaConf.create()
    try:
        found: Any = OmegaConf.to_container(given, resolve=True)
    except OmegaConfBaseException as error:
        raise ConfigError("record", str(error).splitlines()[0]) from error
    return dict(found)


def _whole_url(given: str, cwd: Path) -> str:
    """A storage's URL; the file of one that is a file is named as seen from anywhere.

    Raises:
        ConfigError: if there is no such file: opening it would make an empty one.
    """
    url = make_url(given)
    if url.get_backend_name() != "sqlite" or not url.database:
        return given
    file = cwd / url.database
    if not file.is_file():
        raise ConfigError("record.storage.url", f"is {given}, but there is no file {file}")
    return url.set(database=str(file)).render_as_string(hide_password=False)
