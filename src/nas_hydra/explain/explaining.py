"""A search explained: from its record to an ``Explanation``."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from nas_hydra.app.finished import ExplainedSearch, open_explained
from nas_hydra.config.foreign import foreign
from nas_hydra.document.text import counted
from nas_hydra.explain.ablation import SearchTrainer, Start, ablation
from nas_hydra.explain.importance import (
    GeneLevels,
    axes,
    effect,
    importances,
    interactions,
    sample,
    surface,
)
from nas_hydra.explain.metamodel import Knowledge, MetaModel
from nas_hydra.explain.result import Ancestor, Explanation, Importance, Surface
from nas_hydra.explain.rivals import neighbours, robustness
from nas_hydra.explain.sentences import summary
from nas_hydra.front import Front
from nas_hydra.predictor import Array
from nas_hydra.report.history import Step, lineage
from nas_hydra.report.spent import winner_in_words
from nas_hydra.report.trained import whole_epochs
from nas_hydra.run import FEWEST_EXPLAINED


def _ancestors(searched: ExplainedSearch) -> list[Ancestor]:
    """From the first ancestor to the winner."""
    steps = lineage(searched.winner, searched.past.trials)
    return [_ancestor(step, searched.objective.name) for step in steps]


def _ancestor(step: Step, objective: str) -> Ancestor:
    trial = step.trial
    return Ancestor(
        trial.number,
        trial.proposal.origin,
        step.parent.number if step.parent else None,
        step.changes,
        trial.values.get(objective),
        step.gains.get(objective),
    )


SURFACES = 3
"""Pairs that are shown decision by decision."""


def explain(
    folder: Path,
    objective: str | None = None,
    start: Start = "median",
    train: bool = False,
    count: bool | None = None,
    trust: Sequence[str] = (),
    url: str | None = None,
) -> Explanation:
    """Explain why the winner of a search won.

    Args:
        folder: of the run; it is only read.
        objective: to explain; None is the first.
        start: of the way to the winner: ``median``, ``default``, or the number of a trial.
        train: whether candidates on that way are trained, or looked up in the table, where the
            record lacks them.
        count: whether neighbours' networks are counted, which imports torch; None is where the
            search has built networks.
        trust: modules that the run's config may name, see ``nas_hydra.config.foreign``.
        url: of the storage of its record, if that is on a server; else none is connected to.

    Raises:
        ConfigError: if there is nothing to explain, or not what was asked for; or if it takes
            what may not be called.
    """
    with foreign(trust):
        return _explained(open_explained(folder, objective, url), start, train, count)


def _explained(
    searched: ExplainedSearch, start: Start, train: bool, count: bool | None
) -> Explanation:
    """An opened search explained; arguments as of ``explain``."""
    training = SearchTrainer(searched) if train else None
    surrogate = MetaModel(searched)
    knowledge = Knowledge(searched, surrogate)
    drawn = sample(searched.space)
    inputs = surrogate.describe(drawn)
    mean, draws = surrogate.scores(inputs)[0], surrogate.draws(inputs)
    known = {axis.gene.name: axis for axis in axes(searched.space.genes, drawn)}
    single = importances(list(known.values()), draws)
    pairs = interactions(list(known.values()), mean, draws)
    winner = searched.winner.proposal.genotype
    robust = robustness(searched, surrogate)
    tolerance = math.sqrt(2) * robust.noise
    found = Explanation(
        run=str(searched.past.folder),
        objective=searched.objective.name,
        direction=searched.objective.direction,
        winner=knowledge.estimates([winner])[0],
        trials=len(searched.measured),
        agreement=surrogate.agreement,
        importances=single,
        interactions=pairs,
        effects=[effect(known[one.genes[0]], draws, surrogate, winner) for one in single],
        surfaces=list(_surfaces(pairs, known, mean, surrogate)),
        ablation=ablation(searched, knowledge, start, training),
        lineage=_ancestors(searched),
        tolerance=tolerance,
        neighbours=neighbours(
            searched, knowledge, tolerance, searched.builds if count is None else count
        ),
        robustness=robust,
        summary=[],
        notes=list(_notes(searched)),
    )
    return replace(found, summary=summary(found))


def _surfaces(
    pairs: Sequence[Importance], known: dict[str, GeneLevels], mean: Array, surrogate: MetaModel
) -> Iterator[Surface]:
    """The pairs that matter most, decision by decision."""
    for one, other in (pair.genes for pair in pairs[:SURFACES] if pair.share > 0):
        yield surface(known[one], known[other], mean, surrogate)


def _cost_of(searched: ExplainedSearch) -> str:
    """What the winner costs against the average; empty where costs are not counted."""
    cost, trials = searched.winner.cost, searched.past.trials
    if cost is None:
        return ""
    known = [one.cost for one in trials if one.cost is not None and one.duplicate_of is None]
    unit = searched.origin.setting("strategy.cost")
    named = unit if isinstance(unit, str) else "units"
    told = winner_in_words({"unit": named, "winner": cost, "average": fmean(known)})
    return f"{told[:1].upper()}{told[1:]}." if told else ""


def _notes(searched: ExplainedSearch) -> Iterator[str]:
    """What to know of this search in particular."""
    past = searched.past
    if len(searched.trials) < len(past.evaluated):
        level = searched.trials[0].level or whole_epochs(past.identity)
        yield (
            f"Of {counted(len(past.evaluated), 'trial')}, this is about the {len(searched.trials)}"
            f" that were trained for {counted(level or 0, 'epoch')}: the most epochs that"
            f" {FEWEST_EXPLAINED} candidates or more had. Values are those after as many."
        )
    if told := _cost_of(searched):
        yield told
    if stopped := sum(trial.state == "pruned" for trial in past.trials):
        ended = "trial was stopped early and has", "trials were stopped early and have"
        yield f"{counted(stopped, *ended)} no value here."
    failed = sum(trial.state == "failed" for trial in past.trials)
    if failed:
        yield f"{failed} failed trials have no value; the predictor knows nothing of them."
    if len(past.objectives) > 1:
        yield (
            f"The search has {len(past.objectives)} objectives. This explains what is best in"
            f" {searched.objective.name} alone; objective=NAME explains another one, and best.yaml"
            f" is {Front(past.objectives, past.trials).choice}."
        )
    if past.objectives.limits:
        yield "Limits decide which trial won, not what is learned about the decisions."
    if past.spent is None:
        yield "The search is not finished; this is what it has found so far."
