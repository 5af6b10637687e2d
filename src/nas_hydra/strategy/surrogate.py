"""The surrogate prescreen: a predictor picks the candidate that promises most."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import Generator

from nas_hydra.errors import ConfigError
from nas_hydra.objective import Objectives
from nas_hydra.predictor import Array, Inputs, Predictor
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy.acquisition import log_expected_improvement
from nas_hydra.strategy.pool import Pool
from nas_hydra.strategy.prescreen import Breed, Child
from nas_hydra.strategy.target import targets
from nas_hydra.strategy.trust import Trust, doubt
from nas_hydra.strategy.unseen import Unseen
from nas_hydra.strategy.variation import Mutation
from nas_hydra.trial import Trial

ALWAYS_TUNED = 50
"""Up to so many trials the predictor is tuned for each proposal, later for each 5 % more."""
GROWTH = 1.05
DIGITS = 6
"""Of a score; what rounding makes equal keeps its order, so that machines agree."""


class Surrogate:
    """Ranks many children by expected improvement and passes on the best.

    Follows BANANAS (White et al. 2021: a predictor over paths ranks mutations of the best) and
    NASBOWL (Ru et al. 2021: a Gaussian process over the graph's neighbourhoods), with NPENAS' view
    of both as an evolution that breeds many and evaluates few (Wei et al. 2022). It departs from
    them in that the predictor sees the genes beside the graph; that targets are normal scores of
    ranks; that a small space is looked through as a whole; that candidates which promised much
    stay for the next proposals; and that the predictor is followed only as far as its predictions
    came true.

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

    def start(self, space: SearchSpace, objectives: Objectives, unseen: Unseen) -> None:
        """What is searched."""
        self._space, self._objectives, self._unseen = space, objectives, unseen
        self._pool = Pool(space, self._enumerable, self._shortlist)
        self._known: Inputs | None = None

    def tell(self, trial: Trial) -> None:
        """Learn from a trial, also from one that failed."""
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
        return replace(child, facts={"predictor/correlation": correlation})

    def _screened(
        self,
        worth: Array,
        doubt: float,
        breed: Breed,
        pending: Sequence[Genotype],
        rng: Generator,
    ) -> Child | None:
        if self._known is None or rng.random() < doubt:
            return breed()
        best = self._learn(self._known, worth, pending)
        self._gather(breed, rng)
        return self._pick(best)

    def _learn(self, known: Inputs, worth: Array, pending: Sequence[Genotype]) -> float:
        """Fit the predictor.

        Returns:
            The worth of the incumbent.
        """
        tune = len(worth) <= ALWAYS_TUNED or len(worth) >= GROWTH * self._tuned
        self._tuned = len(worth) if tune else self._tuned
        self._predictor.fit(known, worth, tune)
        if tune and self._pool.whole:
            self._pool.fill()
        if pending:
            believed = self._pool.describe(pending)
            mean, _ = self._predictor.predict(believed)
            worth = np.concatenate([worth, mean])
            self._predictor.fit(known.joined(believed), worth, tune=False)
        return float(worth.max())

    def _gather(self, breed: Breed, rng: Generator) -> None:
        """Breed candidates, unless all are known."""
        if not self._pool.whole:
            self._pool.add(self._bred(breed, rng))

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

    def _pick(self, best: float) -> Child | None:
        """The first fresh candidate in the order of expected improvement."""
        if self._pool.inputs is None:
            return None
        mean, deviation = self._predictor.predict(self._pool.inputs)
        score = log_expected_improvement(mean, deviation, best).round(DIGITS)
        for index in (order := np.argsort(-score, kind="stable")):
            child = self._pool.children[int(index)]
            if self._unseen.fresh(child.genotype):
                self._trust.expect(child.genotype.key, float(mean[index]))
                self._pool.keep(order)
                return child
        return None
