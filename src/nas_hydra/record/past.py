"""What another run's record holds, for a search that begins with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from nas_hydra.errors import ConfigError
from nas_hydra.record.storage import journal
from nas_hydra.run import origin_of, weights_file
from nas_hydra.search_space import Decision
from nas_hydra.trial import Evaluation


@dataclass(frozen=True)
class PastTrial:
    """A complete trial of another run.

    Args:
        number: in that run.
        key: of its genotype.
        decisions: of its genes.
        evaluation: what was measured, and where.
    """

    number: int
    key: str
    decisions: Mapping[str, Decision]
    evaluation: Evaluation


@dataclass(frozen=True)
class PastRun:
    """What is known of another run.

    Args:
        identity: the part of its config that decided which trials it has.
        trials: its complete ones in ask order, without duplicates.
    """

    identity: Mapping[str, Any]
    trials: list[PastTrial]


def read_run(folder: Path, key: str) -> PastRun:
    """The record in a run's folder.

    Args:
        folder: of a run whose record is a journal file.
        key: the config key that names it, for messages.

    Raises:
        ConfigError: if there is none, or it is damaged.
    """
    file = folder / "journal.log"
    if not file.is_file():
        raise ConfigError(
            key,
            f"{folder} holds no journal.log, the record of a search; give the folder of a run, or"
            " a csv such as its trials.csv, whose candidates are evaluated anew",
        )
    storage = journal(str(file))
    names = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=names[0], storage=storage) if names else None
    if study is None or "identity" not in study.user_attrs:
        raise ConfigError(key, f"{file} is the record of no search of ours")
    trials = [
        PastTrial(facts["number"], facts["key"], frozen.params, evaluation(folder, facts))
        for frozen in study.get_trials(deepcopy=False)
        for facts in [frozen.user_attrs]
        if frozen.state == TrialState.COMPLETE and facts["duplicate_of"] is None
    ]
    return PastRun(study.user_attrs["identity"], sorted(trials, key=lambda trial: trial.number))


def evaluation(folder: Path, facts: Mapping[str, Any]) -> Evaluation:
    """What a trial measured; its source is the run that did, not one that took it over."""
    return Evaluation(
        {name: float(value) for name, value in facts["metrics"].items()},
        facts["epochs"],
        facts["seconds"],
        source=facts.get("source") or origin_of(weights_file(folder, facts["number"])),
    )
