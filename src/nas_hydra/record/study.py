"""The record as an Optuna study, so that Optuna's dashboard and plots work for every strategy."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage

from nas_hydra.errors import ConfigError, SearchFailedError
from nas_hydra.files.digest import DIGEST, digest_of, sealed
from nas_hydra.masking import masked
from nas_hydra.objective import Objective
from nas_hydra.record.reading import (
    COUNTED,
    FINISHED,
    LATER,
    PLACE,
    STATES,
    check_study,
    claim_of,
    fidelity_facts,
    legible,
    next_place,
    noted_ending,
    sealed_content,
    told,
    trials_of,
    written,
)
from nas_hydra.record.storage import answering
from nas_hydra.search_space import SearchSpace
from nas_hydra.search_space.gene import distribution
from nas_hydra.trial import ELAPSED, Proposal, Trial

FACTS = ("number", "key", "epochs", "seconds", "error", "duplicate_of", "source", "weights")
"""Attributes of a trial that are kept as they are."""
RECORD = "the record of this search"
"""What it is called in messages."""
BEGUN = "begun"
"""The part of an identity that says with which budget the run began; another one is no other run.
"""
MOST_SHOWN = 5
"""How many differences between two runs a message lists."""


class OtherDataError(ConfigError):
    """A record is that of the same search on other data, or with other files.

    Args:
        how: it differs, in words.
        files: whether only files differ, such as a program.
    """

    def __init__(self, how: str, files: bool = False) -> None:
        key, problem, of = "dataset", "has changed since the search in this folder began", "data"
        if files:
            key, problem, of = "folder", "holds a search that was begun with other files", "files"
        super().__init__(
            key, f"{problem}: {how}. Choose another hydra.run.dir, or give the {of} of that search"
        )
        self.how, self.files = how, files

    def __reduce__(self) -> tuple[type["OtherDataError"], tuple[str, bool]]:  # type: ignore[override]
        """Errors of worker processes are pickled."""
        return OtherDataError, (self.how, self.files)


class OtherRunError(ConfigError):
    """A record is that of a search with other settings.

    Args:
        problem: what differs, in words.
        trials: the budget with which that search began; None if its record is older, and lacks it.
    """

    def __init__(self, problem: str, trials: int | None) -> None:
        super().__init__("folder", problem)
        self.trials = trials

    def __reduce__(self) -> tuple[type["OtherRunError"], tuple[str, int | None]]:  # type: ignore[override]
        """Errors of worker processes are pickled."""
        return OtherRunError, (self.problem, self.trials)


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
        with answering(SearchFailedError), legible("folder", RECORD):
            self._study = self._open(storage, study)
            check_study(self._study, "folder", RECORD)
            # Of the values in the study, whatever the order in which the objectives are today.
            self._names = self._study.metric_names or [one.name for one in objectives]
            self._claim(identity)
            trials = trials_of(self._study, self._names, "folder", RECORD)
            self._place = next_place(self._study.get_trials(deepcopy=False))
        self._known: dict[int, Trial] = {trial.number: trial for trial in trials}

    def find(self, proposal: Proposal) -> Trial | None:
        """The recorded outcome of a proposal.

        Raises:
            ConfigError: if the record has another candidate under that number.
        """
        known = self._known.get(proposal.number)
        if known is None:
            return None
        if known.key != proposal.genotype.key:
            raise ConfigError(
                "folder",
                f"the record's trial {proposal.number} is another candidate ({known.key}) than"
                f" this run proposes ({proposal.genotype.key}); the code or a library has changed"
                " since. Start in a new folder",
            )
        if known.proposal.fidelity != proposal.fidelity:
            there, here = (_as_trained(one) for one in (known.proposal, proposal))
            problem = f"the record's trial {proposal.number} was trained otherwise ({there})"
            raise ConfigError("folder", f"{problem} than is asked for ({here}); start in a new one")
        return replace(known, proposal=proposal)

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
        facts |= fidelity_facts(trial)
        if (elapsed := trial.proposal.facts.get(ELAPSED)) is not None:
            facts["elapsed"] = elapsed
        facts[PLACE] = self._place
        names = list(trial.proposal.genotype)
        frozen = optuna.trial.create_trial(
            state=STATES[trial.state],
            values=[trial.values[name] for name in self._names] if trial.complete else None,
            params=dict(trial.proposal.genotype),
            distributions={name: self._distributions[name] for name in names},
            user_attrs=facts,
        )
        frozen.set_user_attr(DIGEST, digest_of(sealed_content(frozen)))
        frozen.datetime_start = datetime.now() - timedelta(seconds=trial.seconds)
        with answering(SearchFailedError):
            self._study.add_trial(frozen)
        self._place += 1
        self._known[trial.number] = trial  # which the search keeps too; the study has a copy

    def finish(self, budget: Mapping[str, Any]) -> None:
        """Note that the run has spent this budget."""
        recorded = next(number for number in count() if number not in self._known)
        with answering(SearchFailedError):
            self._study.set_user_attr(FINISHED, sealed({**budget, COUNTED: recorded}))

    def finished(self, budget: Mapping[str, Any]) -> bool:
        """Whether the run has spent this very budget before, and every trial is there."""
        with answering(SearchFailedError):
            known = dict(noted_ending(self._study) or {})
        recorded = known.pop(COUNTED, 0)
        return known == dict(budget) and all(number in self._known for number in range(recorded))

    @property
    def trials(self) -> list[Trial]:
        """The recorded trials, in ask order."""
        return [self._known[number] for number in sorted(self._known)]

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
            self._study.set_user_attr(DIGEST, claim_of(self._study, ours))
            self._study.set_user_attr("identity", ours)
            return
        there, here = (
            {name: one[name] for name in one if name not in (*LATER, BEGUN)}
            for one in (known, ours)
        )
        differences = [
            f"{key} is {masked(then, key)!r} there and {masked(now, key)!r} here"
            for key, then, now in differing(there, here)
        ]
        if differences:
            hidden = len(differences) - MOST_SHOWN
            more = f" and {hidden} more" if hidden > 0 else ""
            raise OtherRunError(
                f"holds the record of another run: {'; '.join(differences[:MOST_SHOWN])}{more}. "
                "Choose another hydra.run.dir, or the settings of that run",
                (known.get(BEGUN) or {}).get("trials"),
            )
        if how := told(known, ours):
            raise OtherDataError(how, files=not told({**known, "files": {}}, ours))


def _as_trained(proposal: Proposal) -> str:
    """How much a proposal was to be trained, in words."""
    known = asdict(proposal.fidelity)
    told = [f"{name} {value}" for name, value in known.items() if isinstance(value, int)]
    return ", ".join(told) or "in full"


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
