"""What other runs' records hold, finished or not; reading them changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage

from nas_hydra.errors import ConfigError
from nas_hydra.masking import masked_text
from nas_hydra.objective import Objectives, objectives_from, wanted
from nas_hydra.record.configured import CONFIG, HYDRA, PastConfig, read_config
from nas_hydra.record.reading import check_study, ending, legible, trials_of
from nas_hydra.record.storage import URL, answering, read_journal, read_storage, sqlite_file
from nas_hydra.run import origin_of, weights_file
from nas_hydra.trial import Evaluation, Trial

__all__ = ["CONFIG", "HYDRA", "PastConfig", "PastRun", "read_run", "read_search"]

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


def read_search(folder: Path, key: str, url: str | None = None) -> tuple[PastConfig, PastRun]:
    """A search: how it was configured, and its record.

    Args:
        folder: of the run.
        key: the config key that names it, for messages.
        url: of its record's storage, as the user names it; else no server is connected to.

    Raises:
        ConfigError: if no search has begun there, or what it has left cannot be read.
    """
    return read_config(folder, key), read_run(folder, key, url)


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
        (ending(study) or {}).get("trials"),
    )


def _study(folder: Path, key: str, url: str | None) -> optuna.Study | None:
    """The study of a run; None if what should hold it does not."""
    if (folder / JOURNAL).is_file():
        return _load(read_journal(folder / JOURNAL))
    if (folder / CONFIG).is_file():
        config = read_config(folder, key)
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
