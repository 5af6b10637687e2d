"""The record as an Optuna study, so that Optuna's dashboard and plots work for every strategy."""

import json
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from nas_hydra.errors import ConfigError, SearchFailedError
from nas_hydra.masking import masked
from nas_hydra.objective import Objective
from nas_hydra.record.data import LATER, told
from nas_hydra.record.storage import answering
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.search_space.distribution import distribution
from nas_hydra.trial import Proposal, State, Trial

STATES: Mapping[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
FACTS = ("number", "key", "epochs", "seconds", "error", "duplicate_of", "source")
"""Attributes of a trial that are kept as they are."""
MOST_SHOWN = 5
"""How many differences between two runs a message lists."""


class OtherDataError(ConfigError):
    """A record is that of the same search on other data.

    Args:
        how: it differs, in words.
    """

    def __init__(self, how: str) -> None:
        super().__init__(
            "dataset",
            f"has changed since the search in this folder began: {how}. Choose another"
            " hydra.run.dir, or give the data of that search",
        )
        self.how = how

    def __reduce__(self) -> tuple[type["OtherDataError"], tuple[str]]:  # type: ignore[override]
        """Errors of worker processes are pickled."""
        return OtherDataError, (self.how,)


class StudyRecord:
    """Finished trials by number; the one source of truth of a run.

    Args:
        storage: where the study is kept.
        study: its name; unique where several runs share a storage.
        space: tells the genes' distributions.
        objectives: what the study's values are.
        identity: the part of the config that decides which trials the run has, JSON-like.

    Raises:
        ConfigError: if the study belongs to a run with another identity; says what differs.
    """

    def __init__(
        self,
        storage: BaseStorage,
        study: str,
        space: SearchSpace,
        objectives: Sequence[Objective],
        identity: Mapping[str, Any],
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._objectives = objectives
        self._distributions = {gene.name: distribution(gene) for gene in space.genes}
        with answering(SearchFailedError):
            self._study = self._open(storage, study)
            # Of the values in the study, whatever the order in which the objectives are today.
            self._names = self._study.metric_names or [one.name for one in objectives]
            self._claim(identity)
            trials = self._study.get_trials(deepcopy=False)
        self._known: dict[int, FrozenTrial | Trial] = {
            frozen.user_attrs["number"]: frozen for frozen in trials
        }

    def find(self, proposal: Proposal) -> Trial | None:
        """The recorded outcome of a proposal.

        Raises:
            ConfigError: if the record has another candidate under that number.
        """
        known = self._known.get(proposal.number)
        if known is None:
            return None
        key = known.key if isinstance(known, Trial) else known.user_attrs["key"]
        if key != proposal.genotype.key:
            raise ConfigError(
                "folder",
                f"the record's trial {proposal.number} is another candidate ({key}) than"
                f" this run proposes ({proposal.genotype.key}); the code or a library has changed"
                " since. Start in a new folder",
            )
        if isinstance(known, Trial):
            return known
        return trial_of(proposal, known, self._names)

    def add(self, trial: Trial) -> None:
        """Write a trial; one whose number is there already changes nothing.

        When this returns, the trial outlives the process.
        """
        if trial.number in self._known:
            return
        facts = {fact: getattr(trial, fact) for fact in FACTS}
        facts |= {"origin": trial.proposal.origin, "parents": list(trial.proposal.parents)}
        facts["metrics"] = {name: written(value) for name, value in trial.metrics.items()}
        facts["curves"] = {name: [*map(written, curve)] for name, curve in trial.curves.items()}
        names = list(trial.proposal.genotype)
        frozen = optuna.trial.create_trial(
            state=STATES[trial.state],
            values=[trial.values[name] for name in self._names] if trial.complete else None,
            params=dict(trial.proposal.genotype),
            distributions={name: self._distributions[name] for name in names},
            user_attrs=facts,
        )
        frozen.datetime_start = datetime.now() - timedelta(seconds=trial.seconds)
        with answering(SearchFailedError):
            self._study.add_trial(frozen)
        self._known[trial.number] = trial  # which the search keeps too; the study has a copy

    def finish(self, budget: Mapping[str, Any]) -> None:
        """Note that the run has spent this budget."""
        with answering(SearchFailedError):
            self._study.set_user_attr("finished", dict(budget))

    def finished(self, budget: Mapping[str, Any]) -> bool:
        """Whether the run has spent this very budget before."""
        with answering(SearchFailedError):
            return bool(self._study.user_attrs.get("finished") == dict(budget))

    @property
    def trials(self) -> list[Trial]:
        """The recorded trials, in ask order."""
        known = (self._known[number] for number in sorted(self._known))
        return [
            one if isinstance(one, Trial) else trial_of(proposal_of(one), one, self._names)
            for one in known
        ]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the recorded trials, in the order in which they were added."""
        return list(self._known)

    def __len__(self) -> int:
        """Number of recorded trials."""
        return len(self._known)

    def _open(self, storage: BaseStorage, study: str) -> optuna.Study:
        if study in optuna.get_all_study_names(storage):
            return optuna.load_study(study_name=study, storage=storage)
        directions = [objective.direction for objective in self._objectives]
        made = optuna.create_study(storage=storage, study_name=study, directions=directions)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            made.set_metric_names([objective.name for objective in self._objectives])
        return made

    def _claim(self, identity: Mapping[str, Any]) -> None:
        """Take an empty study, or make sure that it is ours."""
        ours = json.loads(json.dumps(identity))  # as storages give it back: keys are texts
        known = self._study.user_attrs.get("identity")
        if known is None:
            if self._study.get_trials(deepcopy=False):
                raise ConfigError("folder", "holds an Optuna study that no search of ours wrote")
            self._study.set_user_attr("identity", ours)
            return
        there, here = (
            {name: one[name] for name in one if name not in LATER} for one in (known, ours)
        )
        differences = [
            f"{key} is {masked(then, key)!r} there and {masked(now, key)!r} here"
            for key, then, now in differing(there, here)
        ]
        if differences:
            hidden = len(differences) - MOST_SHOWN
            more = f" and {hidden} more" if hidden > 0 else ""
            raise ConfigError(
                "folder",
                f"holds the record of another run: {'; '.join(differences[:MOST_SHOWN])}{more}. "
                "Choose another hydra.run.dir, or the settings of that run",
            )
        if how := told(known, ours):
            raise OtherDataError(how)


def proposal_of(frozen: FrozenTrial) -> Proposal:
    """The proposal of a trial that a study holds."""
    facts = frozen.user_attrs
    genotype = Genotype(frozen.params, facts["key"])
    return Proposal(facts["number"], genotype, facts["origin"], tuple(facts["parents"]))


def trial_of(proposal: Proposal, frozen: FrozenTrial, names: Sequence[str]) -> Trial:
    """What a study holds of a proposal.

    Args:
        proposal: what was asked for.
        frozen: its outcome.
        names: of the study's values.
    """
    facts = frozen.user_attrs
    complete = frozen.state == TrialState.COMPLETE
    return Trial(
        proposal,
        next(name for name, known in STATES.items() if known == frozen.state),
        dict(zip(names, frozen.values, strict=True)) if complete else {},
        {name: float(value) for name, value in facts["metrics"].items()},
        facts["epochs"],
        facts["seconds"],
        facts["error"],
        facts["duplicate_of"],
        facts.get("source"),  # records of version 0.1 have none
        curves(facts),
    )


def curves(facts: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    """The learning curves among a recorded trial's attributes; version 0.1 has kept none."""
    return {name: tuple(map(float, curve)) for name, curve in facts.get("curves", {}).items()}


def written(metric: float) -> float | str:
    """A metric as JSON can hold it: what is not finite as a text that ``float`` reads."""
    number = float(metric)
    return number if math.isfinite(number) else str(number)


def differing(there: Any, here: Any, key: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every dotted key whose value is not the same in two plain configs."""
    if isinstance(there, Mapping) and isinstance(here, Mapping):
        for name in sorted({*there, *here}, key=str):
            below = f"{key}.{name}" if key else str(name)
            yield from differing(there.get(name), here.get(name), below)
    elif isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        for index, (one, other) in enumerate(zip(there, here, strict=True)):
            yield from differing(one, other, f"{key}.{index}")
    elif there != here:
        yield key, there, here
