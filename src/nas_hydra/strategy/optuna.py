"""Optuna's samplers, driven by ask and tell on the same genes as every other strategy."""

import warnings
from collections.abc import Sequence
from typing import cast

import optuna
from numpy.random import Generator
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler
from optuna.trial import TrialState

from nas_hydra.objective import Objective
from nas_hydra.search_space import Categorical, Decision, Gene, Genotype, Integer, Real, SearchSpace
from nas_hydra.trial import Proposal, Trial

# Samplers warn when they are made, which is before the strategy is: their target imports first.
warnings.filterwarnings("ignore", category=ExperimentalWarning)

TRIES = 20
"""How often the sampler is asked anew when its candidate does not meet the constraints."""

STATES = {"pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


class OptunaStrategy:
    """Walks the space with ``trial.suggest_*``.

    So a conditional gene is suggested only where it is active. What does not meet the space's
    constraints is told to the sampler as failed, and it is asked again; at last a random candidate
    is taken, and told to it like its own.

    Args:
        sampler: any ``optuna.samplers.*`` with a seed of its own.
    """

    def __init__(
        self, space: SearchSpace, objectives: Sequence[Objective], sampler: BaseSampler
    ) -> None:
        self._space, self._objectives = space, objectives
        self._asked: dict[int, optuna.Trial] = {}
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(
            directions=[objective.direction for objective in objectives], sampler=sampler
        )

    def ask(self, number: int, rng: Generator) -> Proposal:
        """What the sampler suggests, if it is feasible within ``TRIES``."""
        for _ in range(TRIES):
            trial, genotype = self._suggested()
            if self._space.feasible(genotype):
                self._asked[number] = trial
                return Proposal(number, genotype, "sampler")
            self._study.tell(trial, state=TrialState.FAIL)
        places = self._space.places
        self._study.enqueue_trial(
            {
                name: parameter(places[name].gene, decision)
                for name, decision in self._space.sample(rng).items()
            }
        )
        self._asked[number], genotype = self._suggested()
        return Proposal(number, genotype, "random")

    def tell(self, trial: Trial) -> None:
        """Hand the values, or the failure, to the sampler's study."""
        asked = self._asked.pop(trial.number)
        if trial.complete:
            told = [trial.values[objective.name] for objective in self._objectives]
            self._study.tell(asked, told)
        else:
            self._study.tell(asked, state=STATES[trial.state])

    def _suggested(self) -> tuple[optuna.Trial, Genotype]:
        trial = self._study.ask()
        return trial, self._space.walk(lambda gene: suggest(trial, gene))


def suggest(trial: optuna.Trial, gene: Gene) -> Decision:
    """A gene's decision from Optuna."""
    if isinstance(gene, Categorical):
        return trial.suggest_categorical(gene.name, gene.labels)
    if isinstance(gene, Integer):
        return trial.suggest_int(gene.name, gene.low, gene.high, step=gene.step, log=gene.log)
    if gene.step is None:
        return trial.suggest_float(gene.name, gene.low, gene.high, log=gene.log)
    # By position: Optuna's own grid points differ from the gene's in the last bits.
    return gene.point(trial.suggest_int(gene.name, 0, len(gene) - 1))


def parameter(gene: Gene, decision: Decision) -> Decision:
    """The parameter for which ``suggest`` gives this decision."""
    if isinstance(gene, Real) and gene.step is not None:
        return gene.position(cast(float, decision))
    return decision
