"""A search explained: from its record to an ``Explanation``."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from nas_hydra.explain.ablation import Start, ablation
from nas_hydra.explain.descent import ancestors
from nas_hydra.explain.effect import effect, surface
from nas_hydra.explain.importance import importances, interactions
from nas_hydra.explain.knowledge import Knowledge
from nas_hydra.explain.neighbour import neighbours
from nas_hydra.explain.result import Explanation, Importance, Surface
from nas_hydra.explain.robustness import robustness
from nas_hydra.explain.sample import Axis, axes, sample
from nas_hydra.explain.searched import Searched, open_search
from nas_hydra.explain.sentences import summary
from nas_hydra.explain.surrogate import Surrogate
from nas_hydra.explain.training import Training
from nas_hydra.foreign import foreign
from nas_hydra.front import Front
from nas_hydra.predictor import Array

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
        trust: modules that the run's config may name, see ``nas_hydra.foreign``.
        url: of the storage of its record, if that is on a server; else none is connected to.

    Raises:
        ConfigError: if there is nothing to explain, or not what was asked for; or if it takes
            what may not be called.
    """
    with foreign(trust):
        return _explained(open_search(folder, objective, url), start, train, count)


def _explained(searched: Searched, start: Start, train: bool, count: bool | None) -> Explanation:
    """An opened search explained; arguments as of ``explain``."""
    training = Training(searched) if train else None
    surrogate = Surrogate(searched)
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
        surfaces=list(surfaces(pairs, known, mean, surrogate)),
        ablation=ablation(searched, knowledge, start, training),
        lineage=ancestors(searched),
        tolerance=tolerance,
        neighbours=neighbours(
            searched, knowledge, tolerance, searched.builds if count is None else count
        ),
        robustness=robust,
        summary=[],
        notes=list(notes(searched)),
    )
    return replace(found, summary=summary(found))


def surfaces(
    pairs: Sequence[Importance], known: dict[str, Axis], mean: Array, surrogate: Surrogate
) -> Iterator[Surface]:
    """The pairs that matter most, decision by decision."""
    for one, other in (pair.genes for pair in pairs[:SURFACES] if pair.share > 0):
        yield surface(known[one], known[other], mean, surrogate)


def notes(searched: Searched) -> Iterator[str]:
    """What to know of this search in particular."""
    past = searched.past
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
