"""The surrogate prescreen: a predictor, taught by the trials, picks what promises most."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import takewhile

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata, spearmanr

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objectives, values_of
from nas_hydra.predictor import Array, Describe, Inputs, Predictor
from nas_hydra.search_space import Genotype, SearchSpace, every
from nas_hydra.strategy.acquisition import log_expected_improvement, promise, rounded
from nas_hydra.strategy.base import Novelty, take_place
from nas_hydra.strategy.cost import TRIES, Costs, filled, first_cheap
from nas_hydra.strategy.prescreen import Breed, Child
from nas_hydra.strategy.variation import Mutation
from nas_hydra.trial import GAIN, Trial

SLOPE = 0.05
"""Share of the sum in the augmented Chebyshev function (Knowles 2006)."""


def targets(trials: Sequence[Trial], objectives: Objectives, rng: Generator) -> Array:
    """Normal scores of the trials' ranks: float64 (N,), more is better.

    Ranks make few assumptions about how values are spread: a failed training, or an accuracy near
    its ceiling, is as far from the next trial as any other. Feasible trials rank above infeasible
    ones, these by violation (Deb 2002), and failed ones last; equal ones share their rank. Those
    that were trained for longer rank above the others, since they were chosen for it; one that was
    ended ranks by what it had reached.

    Several objectives are made one by a random weighting, drawn anew for each proposal, so that
    the proposals spread over the front (ParEGO, Knowles 2006).
    """
    worth = np.full(len(trials), -np.inf)
    values = [reached(trial, objectives) for trial in trials]
    feasible = np.array(
        [
            bool(known and not objectives.violation(trial.metrics))
            for trial, known in zip(trials, values, strict=True)
        ]
    )
    if feasible.any():
        fitness = [
            objectives.fitness(v) for v, fine in zip(values, feasible, strict=True) if v and fine
        ]
        worth[feasible] = _scalarised(np.array(fitness), levels_of(trials)[feasible], rng)
    for number, trial in enumerate(trials):
        if values[number] and not feasible[number]:
            worth[number] = -1.0 - objectives.violation(trial.metrics)
    return normal_scores(worth)


def reached(trial: Trial, objectives: Objectives) -> Mapping[str, float] | None:
    """The objectives' values, also of a training that was ended; None if there are none."""
    return values_of(objectives, trial.metrics) if trial.state == "pruned" else trial.values or None


def unit(known: Sequence[tuple[float, float]]) -> float:
    """What a step of 1 in worth is in the objective's units, among the better half of trials.

    Args:
        known: worth and value of each complete trial; the sign of values does not matter.
    """
    better = sorted(known)[len(known) // 2 :]
    if len(better) < 2 or better[0][0] == better[-1][0]:
        return math.inf  # nothing can be told yet
    return abs(better[-1][1] - better[0][1]) / (better[-1][0] - better[0][0])


def levels_of(trials: Sequence[Trial]) -> Array:
    """After how many epochs each was measured, (N,); all 0 where every training is whole."""
    levels = np.array([t.epochs if t.state == "pruned" else t.level for t in trials], dtype=float)
    most = max(levels.max(), *(trial.epochs for trial in trials))
    return np.where(levels == 0, most, levels) if levels.any() else levels


def trained_share(trials: Sequence[Trial]) -> Array | None:
    """How much each was trained, (N,), from 0 to 1 by logarithms; None where all were alike."""
    levels = levels_of(trials)
    if np.ptp(levels) == 0:
        return None
    share: Array = np.log(levels / levels.min()) / np.log(levels.max() / levels.min())
    return share


def normal_scores(values: Array) -> Array:
    """The normal quantiles of the values' ranks (Blom 1958)."""
    scores: Array = ndtri((rankdata(values) - 0.375) / (len(values) + 0.25))
    return scores


def _scalarised(fitness: Array, levels: Array, rng: Generator) -> Array:
    """One number per row of (N, M), by ranks and random weights where M is above 1.

    Those of one level, of (N,), are less than 2 apart, those of the next above them.
    """
    count = fitness.shape[1]
    weights = rng.dirichlet(np.ones(count)) if count > 1 else np.ones(1)
    worth = np.empty(len(fitness))
    for place, level in enumerate(np.unique(levels)):
        here = levels == level
        missing = weights * (1.0 - rankdata(fitness[here], axis=0) / here.sum())
        worth[here] = 2 * place + 1.0 - missing.max(1) - SLOPE * missing.sum(1)
    return worth


ENOUGH = 8
"""Outcomes from which a correlation is told."""
FULL = 0.1
"""Correlation from which on the predictor is followed always."""
NONE = -0.1
"""Correlation up to which it is followed as rarely as ever."""
MOST_DOUBT = 0.5
"""Largest share of proposals that are made without the predictor."""
ALWAYS_TUNED = 50
"""Up to so many trials the predictor is tuned for each proposal, later for each 5 % more."""
GROWTH = 1.05


class Pool:
    """Candidates with their inputs; those that promise most stay for the next proposal.

    Args:
        space: what is searched.
        enumerable: a space with at most so many members is looked through as a whole.
        most: how many candidates stay.
    """

    def __init__(self, space: SearchSpace, enumerable: int, most: int) -> None:
        self._space, self._most = space, most
        self.whole = space.size <= enumerable
        self.describe = _described(space)
        self.children: list[Child] = []
        self.inputs: Inputs | None = None

    def fill(self) -> None:
        """Take in every member of a small space anew."""
        children, self.inputs = _members(self._space)
        self.children = list(children)

    def add(self, children: Iterable[Child]) -> None:
        """Take in some more, each once."""
        known = {child.genotype.key for child in self.children}
        fresh = {c.genotype.key: c for c in children if c.genotype.key not in known}
        if not fresh:
            return
        inputs = self.describe([child.genotype for child in fresh.values()])
        self.children += fresh.values()
        self.inputs = inputs if self.inputs is None else self.inputs.joined(inputs)

    def keep(self, order: NDArray[np.intp]) -> None:
        """Keep the first ones of this order, in it."""
        kept = order[: self._most]
        self.children = [self.children[int(index)] for index in kept]
        self.inputs = self.inputs.rows(kept) if self.inputs is not None else None


@lru_cache(maxsize=8)
def _described(space: SearchSpace) -> Describe:
    """The one description of a space; strategies of a sweep share it."""
    return Describe(space)


@lru_cache(maxsize=2)
def _members(space: SearchSpace) -> tuple[Sequence[Child], Inputs]:
    genotypes = list(every(space))
    children = tuple(Child(genotype, "surrogate", ()) for genotype in genotypes)
    return children, _described(space)(genotypes)


class Trust:
    """Compares predictions, made before the evaluation, with outcomes.

    Args:
        memory: how many of the last predictions count. Those of an early time are of candidates
            that differ much; late ones are all of good ones, and harder to tell apart.
    """

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self._predicted: dict[str, float] = {}

    def expect(self, key: str, worth: float) -> None:
        """Note what a candidate is predicted to be worth."""
        self._predicted[key] = worth

    def correlation(self, trials: Sequence[Trial], outcomes: Array) -> float | None:
        """Spearman's rank correlation of predictions and outcomes; None if it cannot be told."""
        pairs = [
            (self._predicted[trial.key], outcome)
            for trial, outcome in zip(trials, outcomes, strict=True)
            if trial.key in self._predicted
        ][-self._memory :]
        if len(pairs) < ENOUGH or any(np.ptp(column) == 0 for column in np.array(pairs).T):
            return None
        return float(spearmanr(*np.array(pairs).T).statistic)


def doubt(correlation: float | None) -> float:
    """The share of proposals to make without the predictor, 0 to ``MOST_DOUBT``."""
    if correlation is None:
        return 0.0
    return MOST_DOUBT * min(1.0, max(0.0, (FULL - correlation) / (FULL - NONE)))


class Surrogate:
    """Ranks many children by expected improvement and passes on the best.

    Follows BANANAS (White et al. 2021: a predictor over paths ranks mutations of the best) and
    NASBOWL (Ru et al. 2021: a Gaussian process over the graph's neighbourhoods), with NPENAS' view
    of both as an evolution that breeds many and evaluates few (Wei et al. 2022). It departs from
    them in that the predictor sees the genes beside the graph; that targets are normal scores of
    ranks; that a small space is looked through as a whole; that candidates which promised much
    stay for the next proposals; and that the predictor is followed only as far as its predictions
    came true.

    Where trainings differ in length, how long one was is an input of the predictor, candidates are
    judged by what is expected of the longest, and a trial that goes on from another takes its
    place.

    Once it knows what candidates cost, their gain is weighed against it: ``acquisition.log_price``.

    Pending candidates count as evaluated, with the outcome that is expected of them (the kriging
    believer of Ginsbourger et al. 2010), so that several at a time differ.

    Args:
        predictor: learns from the trials.
        children: how many are bred for a proposal: a tenth at random, the others in equal parts
            from the population and from the candidates that promised most last time.
        shortlist: how many candidates stay from one proposal to the next.
        enumerable: a space with at most so many members is looked through as a whole.
        memory: how many of the last predictions decide how far the predictor is trusted.
    """

    foresees = True

    def __init__(
        self, predictor: Predictor, children: int, shortlist: int, enumerable: int, memory: int
    ) -> None:
        for name, value in {"children": children, "shortlist": shortlist}.items():
            if value < 1:
                raise ConfigError(f"strategy.prescreen.{name}", f"is {value}; at least 1 is needed")
        self._predictor = predictor
        self._children, self._shortlist, self._enumerable = children, shortlist, enumerable
        self._trust = Trust(memory)
        self._mutation = Mutation(rate=None, count=1)
        self._trials: list[Trial] = []
        self._tuned = 0  # trials that there were when the predictor was tuned
        self._share: Array | None = None  # how much each trial was trained
        self._costs: Costs | None = None
        self._spent = 0.0

    def start(self, space: SearchSpace, objectives: Objectives, unseen: Novelty) -> None:
        """What is searched."""
        self._space, self._objectives, self._unseen = space, objectives, unseen
        self._pool = Pool(space, self._enumerable, self._shortlist)
        self._known: Inputs | None = None

    def weigh(self, costs: Costs) -> None:
        """Get to know what candidates cost."""
        self._costs = costs

    def tell(self, trial: Trial) -> None:
        """Learn from a trial, also from one that failed."""
        self._spent += trial.cost or 0.0
        if trial.proposal.fidelity.continues is not None:
            take_place(self._trials, trial)
            return
        self._trials.append(trial)
        inputs = self._pool.describe([trial.proposal.genotype])
        self._known = inputs if self._known is None else self._known.joined(inputs)

    def __call__(self, breed: Breed, pending: Sequence[Genotype], rng: Generator) -> Child | None:
        """The most promising candidate; an unscreened child where the predictor is in doubt."""
        worth = targets(self._trials, self._objectives, rng)
        correlation = self._trust.correlation(self._trials, worth)
        child = self._screened(worth, doubt(correlation), breed, pending, rng)
        if child is None or correlation is None:
            return child
        return replace(child, facts={**child.facts, "predictor/correlation": correlation})

    def _screened(
        self,
        worth: Array,
        doubt: float,
        breed: Breed,
        pending: Sequence[Genotype],
        rng: Generator,
    ) -> Child | None:
        if self._known is None or rng.random() < doubt:
            return self._unscreened(breed)
        best = self._learn(self._known, worth, pending)
        if not self._pool.whole:
            self._pool.add(self._bred(breed, rng))
        return self._pick(best, worth)

    def _unscreened(self, breed: Breed) -> Child | None:
        """A child as it is bred; one that is no dearer than half of the trials, or as good as free.

        Free is what costs less than ``strategy.cost_aware.free`` of all that was spent.
        """
        costs = self._costs
        if costs is None:
            return breed()
        usual = np.median(filled([costs(trial.proposal.genotype) for trial in self._trials]))
        limit = max(float(usual), costs.awareness.free * self._spent)
        bred = takewhile(lambda child: child is not None, (breed() for _ in range(TRIES)))
        return first_cheap(filter(None, bred), lambda child: costs(child.genotype), limit)

    def _learn(self, known: Inputs, worth: Array, pending: Sequence[Genotype]) -> float:
        """Fit the predictor; the worth of the incumbent."""
        self._share = trained_share(self._trials)
        known = known if self._share is None else known.trained(self._share)
        tune = len(worth) <= ALWAYS_TUNED or len(worth) >= GROWTH * self._tuned
        self._tuned = len(worth) if tune else self._tuned
        self._predictor.fit(known, worth, tune)
        if tune and self._pool.whole:
            self._pool.fill()
        if pending:
            believed = self._longest(self._pool.describe(pending))
            mean, _ = self._predictor.predict(believed)
            worth = np.concatenate([worth, mean])
            self._predictor.fit(known.joined(believed), worth, tune=False)
        return float(worth.max())

    def _longest(self, inputs: Inputs) -> Inputs:
        """Candidates as they would be if they were trained for as long as any trial."""
        return inputs if self._share is None else inputs.trained(np.ones(len(inputs)))

    def _bred(self, breed: Breed, rng: Generator) -> Iterator[Child]:
        random = max(1, self._children // 10)
        promising = list(self._pool.children[: (self._children - random) // 2])
        for _ in range(random):
            if (genotype := self._unseen.random(rng)) is not None:
                yield Child(genotype, "random", ())
        for one in promising:
            mutant = self._mutation(self._space, [one.genotype], rng)
            if self._unseen.fresh(mutant):
                yield Child(mutant, self._mutation.origin, one.parents)
        for _ in range(self._children - random - len(promising)):
            if (child := breed()) is not None:
                yield child

    def _pick(self, best: float, worth: Array) -> Child | None:
        """The first fresh candidate in the order of what it promises."""
        if self._pool.inputs is None:
            return None
        mean, deviation = self._predictor.predict(self._longest(self._pool.inputs))
        gain = log_expected_improvement(mean, deviation, best)
        score = self._weighed(gain, self._pool.inputs)
        for index in (order := np.argsort(-score, kind="stable")):
            child = self._pool.children[int(index)]
            if self._may_be_taken(child.genotype):
                self._trust.expect(child.genotype.key, float(mean[index]))
                self._pool.keep(order)
                return self._foreseen(child, float(gain[index]), worth)
        return None

    def _weighed(self, gain: Array, inputs: Inputs) -> Array:
        """What each of the pool promises, (N,): its gain, and where costs are known less of it."""
        if self._costs is None:
            return rounded(gain)
        pool = [child.genotype for child in self._pool.children]
        return promise(gain, pool, inputs, self._costs, self._spent, self._unseen.fresh)

    def _may_be_taken(self, genotype: Genotype) -> bool:
        """Whether a candidate is fresh, and where costs are weighed its own is counted."""
        counted = self._costs is None or self._costs.known(genotype)
        return counted and self._unseen.fresh(genotype)

    def _foreseen(self, child: Child, score: float, worth: Array) -> Child:
        """A child with what it is expected to gain, where there is one objective."""
        if len(self._objectives) > 1:
            return child
        (objective,) = self._objectives
        trials = zip(self._trials, worth, strict=True)
        known = [(w, abs(t.values[objective.name])) for t, w in trials if t.complete]
        return replace(child, facts={**child.facts, GAIN: float(np.exp(score)) * unit(known)})
