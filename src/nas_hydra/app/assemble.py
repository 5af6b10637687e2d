"""From the composed config to the parts of a search, everything checked before anything runs."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from numpy.random import default_rng
from omegaconf import DictConfig, OmegaConf

from nas_hydra.app.completing import complete, with_spelled
from nas_hydra.app.cost import weighed
from nas_hydra.app.fidelity import is_partial, trained_as
from nas_hydra.app.settings import Settings, resolved, settings_of, shown
from nas_hydra.app.space import build_space, check_components, sample
from nas_hydra.app.warm_start import initial_candidates
from nas_hydra.checkpoints import Checkpoints
from nas_hydra.config.component import build
from nas_hydra.config.later import identifying
from nas_hydra.constraint.rules import limits_of
from nas_hydra.engine import Engine
from nas_hydra.engine.restoring import restored
from nas_hydra.errors import CandidateError, ConfigError, listing
from nas_hydra.evaluator import Evaluator
from nas_hydra.files.digest import anything, digests, is_path
from nas_hydra.loop import Search
from nas_hydra.objective import (
    Direction,
    Objectives,
    metrics_of,
    objectives_from,
    unmeasured,
    wanted,
)
from nas_hydra.record import Record
from nas_hydra.record.study import BEGUN, OtherDataError, OtherRunError
from nas_hydra.report.files import RunFiles
from nas_hydra.report.run_page import RunPage
from nas_hydra.report.summary import summarize
from nas_hydra.run import Run
from nas_hydra.search_space import SearchSpace
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Initial, blindness
from nas_hydra.strategy.cost import Costs
from nas_hydra.tracker import Tracker
from nas_hydra.tracker.base import Expendable
from nas_hydra.tracker.terminal import Terminal

log = logging.getLogger(__name__)

SAMPLES = 5
"""How many random candidates the dry pass tries before it calls the space itself wrong."""

IDENTITY = (
    *("search_space", "dataset", "task", "trainer", "optimizer", "scheduler"),
    *("evaluator", "strategy", "objective", "seed", "fidelity", "inherit", "finalists"),
)
"""The parts of the config that decide which trials a run has."""

NAMING = ("search_space", "dataset", "task", "trainer", "optimizer", "scheduler", "evaluator")
"""Those of them that may name files whose content decides what is measured."""

NEUTRAL = ("store", "memory_limit")
"""Keys of an evaluator that save work, and change no result."""


APART = ("initial", "cost", "cost_aware")
"""Settings beside a strategy's own."""


def assemble(
    config: DictConfig,
    choices: Mapping[str, str],
    group: str,
    command: str,
    search: type[Search] = Search,
) -> Search:
    """Build a search; its record is opened last, so that a wrong config writes nothing.

    Args:
        config: the composed config; what it leaves to the data is filled in, see ``complete``.
        choices: config group -> the option taken.
        group: the sweep that the search is part of, or a name of its own.
        command: what to type to go on with it.
        search: what becomes of the parts.

    Raises:
        ConfigError: for whatever is wrong with the config.
    """
    plain, space, evaluator, told = _prepared(config)
    settings = settings_of(plain)
    objectives = _objectives_of(settings.objective, evaluator)
    needs = {"space": space, "objectives": objectives}
    apart = {name: settings.strategy.pop(name, None) for name in APART}
    within: Strategy = build(settings.strategy, "strategy", Strategy, **needs)
    engine = build(settings.engine, "engine", Engine, limits=settings.trial)
    tracker = build(settings.tracker, "tracker", Tracker)
    if told:
        dry_pass(space, evaluator, settings.seed)
    known = identity(plain, engine.ahead, engine.order, evaluator)
    url = (settings.record.get("storage") or {}).get("url")
    candidates = initial_candidates(
        apart["initial"], space, objectives, known, url, evaluator.changed
    )
    imported = sum(one.known is not None for one in candidates)
    costs = weighed(within, apart, settings, space, evaluator)
    begun_with = Initial(candidates, within) if candidates else within
    strategy = trained_as(settings, begun_with, evaluator, objectives, costs, imported)
    try:
        record = _open_record(settings, needs, known, evaluator)
    except OtherRunError as error:
        begun = _as_begun(config, error.trials)
        if begun is None:
            raise
        return assemble(begun, choices, group, command)
    strategy.resume(record.trials)
    run = _run_of(settings, space, evaluator, objectives, costs, imported)(
        group=group, command=command, choices=choices, config=shown(config)
    )
    if learns_nothing := blindness(within, run.trials):
        log.warning("%s", learns_nothing)
    pages = [RunPage(space)] if settings.report else []
    trackers: list[Tracker] = [RunFiles(space), *pages, Expendable(tracker), Terminal()]
    checkpoints = _checkpoints(run, space, evaluator) if run.partial else None
    repeats = settings.budget.repeats
    return search(
        *(run, space, strategy, evaluator, engine, record, trackers, repeats, summarize),
        checkpoints=checkpoints,
    )


def _prepared(config: DictConfig) -> tuple[Mapping[str, Any], SearchSpace, Evaluator, bool]:
    """The whole config, the space and an evaluator that knows it.

    And whether the evaluator told at once what it measures; one that did not has tried a candidate.
    """
    written = resolved(config)
    evaluator: Evaluator = build(settings_of(written).evaluator, "evaluator", Evaluator)
    plain = complete(config, written, evaluator.builds)
    settings = settings_of(plain)
    space = build_space(config, evaluator.builds, limits_of(settings.objective, evaluator.counted))
    check_components([*(space.parts.values() if evaluator.builds else ()), *space.constraints])
    evaluator.prepare(space)
    told = bool(evaluator.metrics)
    if not told:
        dry_pass(space, evaluator, settings.seed)
    return with_spelled(config, plain, evaluator.metrics), space, evaluator, told


def _checkpoints(run: Run, space: SearchSpace, evaluator: Evaluator) -> Checkpoints:
    """Where those of trainings that may go on are kept."""
    return Checkpoints(run.folder, space.close if evaluator.closes else dict)


def _run_of(
    settings: Settings,
    space: SearchSpace,
    evaluator: Evaluator,
    objectives: Objectives,
    costs: Costs | None,
    imported: int,
) -> Callable[..., Run]:
    """What the run is, as far as its parts tell; the rest is what was typed."""
    limits = settings.budget.limits
    trials = limits.pop("trials", None)
    return partial(
        Run,
        folder=Path(settings.folder),
        name=settings.name,
        objectives=objectives,
        genes=[gene.name for gene in space.genes],
        metrics=evaluator.metrics,
        trials=None if trials is None else int(trials) + imported + settings.finalists.number,
        seed=settings.seed,
        optimum=evaluator.optimum(space, objectives),
        partial=is_partial(settings),
        cost=None if costs is None else costs.unit,
        budget=limits,
    )


def _open_record(
    settings: Settings, needs: Mapping[str, Any], known: Mapping[str, Any], evaluator: Evaluator
) -> Record:
    """The record, new or as it was left; other data is told as exactly as its folder allows."""
    try:
        record: Record = build(settings.record, "record", Record, **needs, identity=known)
    except OtherDataError as error:
        exactly = "" if error.files else evaluator.changed(Path(settings.folder))
        raise OtherDataError(exactly or error.how, error.files) from None
    return record


def identity(
    plain: Mapping[str, Any], ahead: int, order: str, evaluator: Evaluator
) -> dict[str, Any]:
    """The part of the config that decides which trials a run has.

    Args:
        plain: the whole config.
        ahead: of the engine, which may have counted its workers for it.
        order: likewise.
        evaluator: knows its machine, if the metrics depend on it, and its data.
    """
    known = identifying({key: plain[key] for key in IDENTITY})
    given = known["evaluator"]
    return {
        **known,
        "evaluator": {key: given[key] for key in given if key not in NEUTRAL},
        "engine": {"ahead": ahead, "order": order, "threads": plain["engine"].get("threads")},
        "budget": {"repeats": plain["budget"]["repeats"]},
        BEGUN: {"trials": plain["budget"]["trials"]},
        "machine": evaluator.machine,
        "data": evaluator.data,
        "files": _files_of(known, evaluator),
    }


def _files_of(known: Mapping[str, Any], evaluator: Evaluator) -> dict[str, str]:
    """Digests of the files and folders that decide what is measured, by the text that names them.

    Our own datasets, and others whose images the evaluator notes, are known by those; where
    nothing is built, none is read.

    Args:
        known: the parts of the config.
        evaluator: knows its data, or does not.
    """
    dataset = known["dataset"] if evaluator.builds and not evaluator.data else {}
    ours = str(dataset.get("_target_")).startswith("nas_hydra.")
    return {
        **digests([known[part] for part in NAMING if part in known]),
        **digests([known["search_space"], known.get("task")], is_path),
        **({} if ours else digests(dataset, anything)),
        **evaluator.files,
    }


def _as_begun(config: DictConfig, trials: int | None) -> DictConfig | None:
    """The config of a search that goes on with a larger budget, its strategy as it was begun.

    Settings of a strategy may follow from the budget, and another strategy would be another search.
    None if they do not.
    """
    now = OmegaConf.to_container(config.strategy, resolve=True)
    then = config.copy()
    OmegaConf.update(then, "budget.trials", trials or config.budget.trials)
    strategy = OmegaConf.to_container(then.strategy, resolve=True)
    then = config.copy()
    OmegaConf.update(then, "strategy", strategy, merge=False)
    return None if strategy == now else then


def _objectives_of(given: Mapping[str, Any], evaluator: Evaluator) -> Objectives:
    """What the config group ``objective`` wants, and an evaluator can measure."""
    known = wanted(evaluator.objectives, given)
    measured = evaluator.metrics
    if not metrics_of(known) and measured:
        example = next(iter(evaluator.directions), measured[0])
        way = evaluator.directions.get(example, "minimize")
        problem = f"names no metric; measured are {listing(measured)}"
        raise ConfigError("objective", f"{problem}: 'objective={{{example}: {way}}}'")
    objectives = objectives_from(known)
    _check_objectives(objectives, measured, evaluator.directions)
    return objectives


def _check_objectives(
    objectives: Objectives, metrics: Sequence[str], directions: Mapping[str, Direction]
) -> None:
    """Make sure that every objective and every limited metric is measured, and is wanted better.

    There are no ``metrics`` as long as what is measured is not known.
    """
    for name in objectives.names if metrics else ():
        if name not in metrics:
            raise ConfigError(f"objective.{name}", unmeasured(name, metrics))
    for one in objectives:
        right = directions.get(one.name, one.direction)
        if one.direction != right:
            problem = f"is {one.direction!r}, but {one.name} is better the other way; say {right}"
            raise ConfigError(f"objective.{one.name}", problem)


def dry_pass(space: SearchSpace, evaluator: Evaluator, seed: int) -> None:
    """Build a random candidate and pass images through it, before anything is trained.

    Raises:
        ConfigError: if the constraints refuse nearly all candidates, or none of ``SAMPLES`` random
            ones can work; names the choices of one.
    """
    rng = default_rng(seed)
    failures: dict[str, CandidateError] = {}
    for _ in range(SAMPLES):
        genotype = sample(space, rng)
        space.encode(genotype)  # not every strategy does
        try:
            with restored():  # what a candidate does to this process stays with the candidate
                evaluator.check(space.close(genotype))
        except CandidateError as error:
            failures[genotype.summary] = error
        else:
            break
    else:
        name, failure = failures.popitem()
        problem = f"a random candidate ({name or 'nothing is open'}): {failure}"
        raise ConfigError("search_space.model", problem)
    for name, failure in failures.items():
        log.warning("the candidate %s cannot work: %s", name, failure)
