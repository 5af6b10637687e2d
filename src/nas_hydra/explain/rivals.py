"""What might have won as well: the next best with another seed, and neighbours of the winner."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Literal, NamedTuple

import numpy as np
from numpy.random import default_rng

from nas_hydra.app.finished import ExplainedSearch
from nas_hydra.constraint.candidate import Candidate
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.explain.metamodel import Knowledge, MetaModel, difference
from nas_hydra.explain.result import Estimate, Neighbour, RankedTrial, Robustness
from nas_hydra.predictor import Array
from nas_hydra.search_space import Decision, Genotype, SearchSpace
from nas_hydra.trial import Trial

TOP = 5
"""Candidates whose ranking is looked at."""
TIMES = 10_000
"""Of drawing all of their values anew."""


def robustness(searched: ExplainedSearch, surrogate: MetaModel) -> Robustness:
    """How often the best candidates would be ranked otherwise if all were measured anew.

    Where the record has repeated trials, the noise is the spread of these, and each candidate is
    drawn around its own mean. Else it is what the surrogate cannot explain, and each is drawn
    around what is expected of it: the best of many measured values owes part of its lead to luck,
    and the surrogate takes some of that off.
    """
    top = searched.ranked[:TOP]
    repeated = _repeated_noise(searched)
    if repeated is None:
        inputs = surrogate.describe([trial.proposal.genotype for trial in top])
        mean = surrogate.values(surrogate.scores(inputs)[0]) * searched.objective.signed(1.0)
        drawn = _draw(mean, np.full(len(top), surrogate.noise))
        return _told(searched, top, drawn, surrogate.noise, "predictor")
    known = [searched.measured[trial.key] for trial in top]
    mean = np.array([searched.objective.signed(fmean(values)) for values in known])
    sizes = np.array([len(values) for values in known])
    drawn = _draw(mean, repeated * np.sqrt(1 + 1 / sizes))
    return _told(searched, top, drawn, repeated, "repeats")


def _repeated_noise(searched: ExplainedSearch) -> float | None:
    """Standard deviation between repeated trials, pooled over candidates; None without any."""
    groups = [np.array(values) for values in searched.measured.values() if len(values) > 1]
    if not groups:
        return None
    squares = sum(((values - values.mean()) ** 2).sum() for values in groups)
    return float(np.sqrt(squares / sum(len(values) - 1 for values in groups)))


def _draw(mean: Array, spread: Array) -> Array:
    """Values as another seed might give them, (TIMES, candidates); more is better."""
    return mean + spread * default_rng(0).standard_normal((TIMES, len(mean)))


def _told(
    searched: ExplainedSearch,
    top: Sequence[Trial],
    drawn: Array,
    noise: float,
    source: Literal["repeats", "predictor"],
) -> Robustness:
    """How often the drawn values rank the candidates otherwise."""
    order = np.argsort(-drawn, axis=1, kind="stable")
    first = np.bincount(order[:, 0], minlength=len(top)) / TIMES
    kept = (order == np.arange(len(top))).all(axis=1).mean()
    contenders = [
        RankedTrial(trial.number, searched.mean(trial.key), float(chance))
        for trial, chance in zip(top, first, strict=True)
    ]
    return Robustness(source, noise, float(1 - first[0]), float(1 - kept), contenders)


class NetworkSize(NamedTuple):
    """A network's size.

    Args:
        params: trainable parameters.
        flops: of one image's forward pass.
    """

    params: int
    flops: int

    def against(self, other: "NetworkSize") -> tuple[float | None, float | None]:
        """Change of parameters and of FLOPs as shares: -0.2 is a fifth fewer; None of nothing."""
        pairs = zip(self, other, strict=True)
        params, flops = (mine / theirs - 1 if theirs else None for mine, theirs in pairs)
        return params, flops


def _network_size(space: SearchSpace, genotype: Mapping[str, Decision]) -> NetworkSize | None:
    """Parameters and FLOPs of a candidate, built without memory; None if it cannot be built.

    Raises:
        ConfigError: if the space has no networks.
    """
    closed = space.close(genotype)
    if "model" not in closed or "dataset" not in closed:
        raise ConfigError("count", "needs a search that names a model and a dataset; leave it out")
    candidate = Candidate(closed)
    try:
        return NetworkSize(candidate.params, candidate.flops)
    except CandidateError:
        return None


MOST = 10
"""So many are told."""
COUNTED = 60
"""So many, the most promising ones, are built to be counted."""
LESS = 0.01
"""By which share a network has to be smaller to be called cheaper."""


def neighbours(
    searched: ExplainedSearch, knowledge: Knowledge, tolerance: float, count: bool
) -> list[Neighbour]:
    """Neighbours that are worse by no more than another seed might make them.

    Args:
        searched: the search.
        knowledge: of its candidates.
        tolerance: how much worse still counts as good, in the objective's units.
        count: whether networks are counted; then only cheaper ones are told, the cheapest first,
            else the best first.

    Raises:
        ConfigError: if there are no networks to count.
    """
    winner = searched.winner.proposal.genotype
    near = list(searched.space.neighbours(winner))
    (own,) = knowledge.estimates([winner])
    good = _good(searched, own, near, knowledge, tolerance)[:COUNTED]
    if not count:
        return [_neighbour(own, known, None, None) for known in good[:MOST]]
    base = _network_size(searched.space, winner)
    priced = [
        _neighbour(own, known, _network_size(searched.space, known.genotype), base)
        for known in good
    ]
    cheaper = [one for one in priced if one.flops_share is not None and _saves(one)]
    return sorted(cheaper, key=lambda one: one.flops_share or 0.0)[:MOST]


def _saves(one: Neighbour) -> bool:
    """Whether one of FLOPs and parameters is less, and the other no more."""
    shares = one.flops_share or 0.0, one.params_share or 0.0
    return min(shares) <= -LESS and max(shares) <= LESS


def _good(
    searched: ExplainedSearch,
    own: Estimate,
    near: list[Genotype],
    knowledge: Knowledge,
    tolerance: float,
) -> list[Estimate]:
    """Those within the tolerance, the best first."""

    def gain(known: Estimate) -> float:
        return searched.objective.signed(difference(own, known)[0])

    found = [known for known in knowledge.estimates(near) if gain(known) >= -tolerance]
    return sorted(found, key=gain, reverse=True)


def _neighbour(
    own: Estimate, known: Estimate, its: NetworkSize | None, base: NetworkSize | None
) -> Neighbour:
    changed = {
        name: (own.genotype.get(name), known.genotype.get(name))
        for name in dict.fromkeys([*own.genotype, *known.genotype])
        if own.genotype.get(name) != known.genotype.get(name)
    }
    params, flops = its or (None, None)
    shares = its.against(base) if its and base else (None, None)
    return Neighbour(changed, known, *difference(own, known), params, flops, *shares)
