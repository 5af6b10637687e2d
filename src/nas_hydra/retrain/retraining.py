"""The main line: read the search, train its winner and the baselines, test, write."""

import logging
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_hydra.app.finished import (
    KEY,
    RetrainedSearch,
    chosen,
    open_retrained,
    resolved_environment,
)
from nas_hydra.app.space import check_components
from nas_hydra.artifact import DESCRIPTION
from nas_hydra.config.component import build, locate
from nas_hydra.config.foreign import foreign
from nas_hydra.dataset.raw import preparation
from nas_hydra.dataset.split import Stage
from nas_hydra.errors import CandidateError, ConfigError, SearchFailedError
from nas_hydra.evaluator import Evaluator
from nas_hydra.evaluator.final import FinalEvaluator, monitoring, name_in_test
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.files.small_file import check_place
from nas_hydra.objective import Objective
from nas_hydra.report.trained import FINALIST
from nas_hydra.retrain.files import Retraining, packed, write_folder
from nas_hydra.retrain.publishing import publish_model
from nas_hydra.retrain.reference import References
from nas_hydra.retrain.seen import Seen, changes, seen
from nas_hydra.retrain.training import (
    Contender,
    Progress,
    Request,
    Watch,
    baseline_of,
    random_candidate,
    train,
    winner,
)
from nas_hydra.retrain.verdict import NetworkResult
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retrained:
    """A model that was retrained.

    Args:
        folder: that holds it, see ``nas_hydra.artifact``.
        trial: of the search that it is.
        results: its own on the test split, then those of the baselines and of simpler methods.
        percent: the scores that are shown in per cent.
        unit: what the rows are called that it was tested on.
        verdict: how it compares with the baselines, in a sentence or two.
    """

    folder: Path
    trial: int
    results: Sequence[NetworkResult]
    percent: Sequence[str] = ()
    unit: str = "rows"
    verdict: str = ""


def _log_progress(progress: Progress) -> None:
    """A line in the log when a training has ended."""
    if progress.trial:
        log.info("%s/%s  %s: %s", progress.done, progress.total, progress.what, progress.outcome)


def retrain(
    request: Request,
    overrides: Sequence[str] = (),
    command: str = "",
    watch: Watch = _log_progress,
) -> list[Retrained]:
    """Train trials of a search anew, on its training and validation rows, and test them.

    This is the first use of the test split, and the only one: nothing is chosen by it.

    Args:
        request: what is asked for.
        overrides: of the search's config, as one would type them.
        command: that was typed, for the model card.
        watch: is told how far the trainings are.

    Raises:
        ConfigError: if there is nothing to retrain, the data has changed, or the config is wrong.
        HydraException: if an override cannot be read, or there is no such key or option.
        SearchFailedError: if a trial could not be trained.
    """
    if request.seeds < 1:
        raise ConfigError("seeds", f"is {request.seeds}; at least 1 is needed")
    overrides = resolved_environment(overrides)
    with foreign(request.trust):
        searched = open_retrained(request.run, overrides, request.url, request.config_dirs)
        if longer := longer_training(searched, chosen_trials(searched, request), overrides):
            overrides = [*overrides, longer]
            searched = open_retrained(request.run, overrides, request.url, request.config_dirs)
        with foreign(typed=searched.typed):
            return _retrained(searched, request, command, watch)


def chosen_trials(searched: RetrainedSearch, request: Request) -> list[Trial]:
    """The trials that are to be retrained; raises as ``chosen``."""
    return chosen(searched.past, request.trial, request.pareto == "all")


EPOCHS = "trainer.max_epochs"


def longer_training(
    searched: RetrainedSearch, trials: Sequence[Trial], overrides: Sequence[str]
) -> str:
    """What finalists need to be trained for as long as in the search, as an override.

    Others are trained as the search's config says, which the log tells where the search has
    trained them less. Empty if that is so, or if the user says for how long.

    Args:
        searched: by whom they were found.
        trials: to be retrained.
        overrides: the user's own.
    """
    whole = searched.plain["trainer"].get("max_epochs")
    for trial in trials:
        had = trial.level
        if had in (0, whole) or any(
            word.lstrip("+").startswith(f"{EPOCHS}=") for word in overrides
        ):
            continue
        if trial.proposal.origin == FINALIST:
            log.info(
                "trial %d is a finalist, which the search has trained for %d epochs; so it is now",
                *(trial.number, had),
            )
            return f"{EPOCHS}={had}"
        log.info(
            "trial %d was trained for %d epochs in the search; now it is trained in full, for %s",
            *(trial.number, had, whole),
        )
    return ""


def _retrained(
    searched: RetrainedSearch, request: Request, command: str, watch: Watch
) -> list[Retrained]:
    """Of an opened search; arguments as of ``retrain``."""
    trials = chosen_trials(searched, request)
    folders = _places(request, trials)
    genotypes = [searched.genotype(trial) for trial in trials]
    space, numbers = searched.space, [trial.number for trial in trials]
    winners = [winner(space, *both) for both in zip(numbers, genotypes, strict=True)]
    evaluator = _final_evaluator(searched, winners)
    _check(searched, evaluator, winners)
    found = [_check_data(searched, one, evaluator.stage, request.force) for one in winners]
    random = []
    if request.random:
        keys = [one.key for one in genotypes]
        random = [random_candidate(space, evaluator, searched.settings.seed, keys)]
    baselines = [baseline_of(one, request.baseline) for one in winners]
    known = {one.name: one for pair in baselines for one in pair}
    engine = build(searched.settings.engine, "engine", limits=searched.settings.trial)
    with tempfile.TemporaryDirectory(prefix="nas-hydra-") as weights:
        contenders = [*winners, *random, *known.values()]
        wanted = _tested(searched, evaluator)
        trained = train(contenders, request.seeds, evaluator, wanted, engine, Path(weights), watch)
        seeds, first, watched = request.seeds, _first_use(request.run), _monitors(winners)
        beside = References(seeds)
        retrainings = [
            Retraining(
                *(searched, trial, own, trained, [*random, *pair], seeds, command, first, watched),
                *(known, wanted[0]),
                beside(Prepared(own.candidate, evaluator.stage)) if request.references else (),
            )
            for trial, own, pair, known in zip(trials, winners, baselines, found, strict=True)
        ]
        return _written(folders, retrainings)


def _written(folders: Sequence[Path], retrainings: Sequence[Retraining]) -> list[Retrained]:
    """Write every model that could be trained, each into its folder.

    Raises:
        SearchFailedError: if one could not, or not be written; the others are all the same.
    """
    done, failed = [], []
    for folder, one in zip(folders, retrainings, strict=True):
        if one.weights is None:
            failed.append(f"{one.own.name} cannot be trained: {one.results[0].errors[0]}")
            continue
        try:
            write_folder(folder, one, one.weights)
        except OSError as error:
            failed.append(f"{folder} cannot be written: {error.strerror or error}")
            continue
        publish_model(folder, one)
        percent = one.prepared.task.percent
        found = folder, one.trial.number, one.results, percent, one.seen.unit, one.verdict
        done.append(Retrained(*found))
    if failed:
        raise SearchFailedError("; ".join(failed))
    return done


def _first_use(run: Path) -> bool:
    """Whether no model below the run's folder was tested before."""
    return not any(run.glob(f"retrain*/**/{DESCRIPTION}"))


def _places(request: Request, trials: Sequence[Trial]) -> list[Path]:
    """Where each model goes: several, or one that was asked for, into folders by number.

    Raises:
        ConfigError: if a model is there already, or no folder can be made there.
    """
    home = request.folder or request.run / "retrain"
    if request.pareto:
        found = [home / str(trial.number) for trial in trials]
    elif request.trial is not None and request.folder is None:
        found = [request.run / f"retrain-{request.trial}"]
    else:
        found = [home]
    for folder in found:
        check_place(folder, "folder")
        if (folder / DESCRIPTION).exists() and not request.force:
            raise ConfigError(
                "folder", f"{folder} holds a model already; say folder=OTHER, or force=true"
            )
    return found


def _final_evaluator(searched: RetrainedSearch, winners: Sequence[Contender]) -> FinalEvaluator:
    """The search's evaluator, but for what it trains on.

    Raises:
        ConfigError: if the search has trained nothing, or on nothing.
    """
    given = searched.settings.evaluator
    _check_trains(given.get("_target_"))
    evaluator = build({**given, "store": None}, "evaluator", Evaluator)
    if "_target_" not in searched.settings.dataset:
        raise ConfigError("dataset", "names no data to train on; say dataset=NAME")
    return FinalEvaluator(evaluator, monitored=bool(_monitors(winners)))


def _check_trains(target: Any) -> None:
    """Make sure that a search's evaluator trains networks.

    Raises:
        ConfigError: if there is nothing to retrain.
    """
    found = locate(target, "evaluator._target_")
    if not getattr(found, "builds", False):
        raise ConfigError(
            "evaluator",
            f"is {target}, which trains no network, so there is nothing to retrain; best.yaml has"
            " what has won. If that is a network, say evaluator=train",
        )


def _monitors(winners: Sequence[Contender]) -> list[str]:
    """What watches the trainings of these networks."""
    return list(dict.fromkeys(name for one in winners for name in monitoring(one.candidate)))


def _tested(searched: RetrainedSearch, evaluator: FinalEvaluator) -> list[Objective]:
    """The search's objectives as they are measured in the end, or what the task measures first."""
    given = [Objective(name_in_test(one.name), one.direction) for one in searched.past.objectives]
    known = [one for one in given if one.name in evaluator.metrics]
    return known or [Objective(*one) for one in evaluator.directions.items()][:1]


def _check(
    searched: RetrainedSearch, evaluator: FinalEvaluator, winners: Sequence[Contender]
) -> None:
    """Make sure, before anything is trained, that the networks work on this data.

    Raises:
        ConfigError: if one does not.
    """
    check_components([*searched.space.parts.values(), *searched.space.constraints])
    evaluator.prepare(searched.space)
    for one in winners:
        try:
            evaluator.check(one.candidate)
        except CandidateError as error:
            raise ConfigError(KEY, f"{one.name} cannot work: {error}") from error


def _check_data(searched: RetrainedSearch, one: Contender, stage: Stage, force: bool) -> Seen:
    """Make sure that the data is that of the search, and find what was seen of its test rows.

    Raises:
        ConfigError: if it is not, unless that is wanted; or if its preparation cannot be kept.
    """
    data = Prepared(one.candidate, stage).data
    found = seen(data, searched.past)
    differences = list(changes(searched.past.identity, data, found))
    if differences and not force:
        raise ConfigError(
            "dataset",
            f"has changed since the search: {'; '.join(differences)}. Give the data of the search,"
            " or say force=true",
        )
    if found.any or found.unknown:
        log.warning("data: %s", found.sentences)
    packed(preparation(data))
    _ = data.example  # which the folder describes: one that there is not is found before training
    return found
