"""Optuna's samplers, driven by ask and tell on the same genes as every other strategy."""

import inspect
import math
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import cast

import optuna
from numpy.random import Generator
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, CmaEsSampler
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState
from threadpoolctl import threadpool_limits

from nas_hydra.errors import ConfigError, listing
from nas_hydra.objective import Limit, Objectives
from nas_hydra.search_space import Categorical, Decision, Gene, Genotype, Integer, Real, SearchSpace
from nas_hydra.strategy.base import Novelty
from nas_hydra.trial import Proposal, Trial

TRIES = 20
"""How often the sampler is asked anew when it suggests what was proposed before, or may not be."""

BLIND = ("n_startup_trials", "population_size", "popsize")
"""What Optuna's samplers call the number of trials after which they begin to learn."""

STATES = {"pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


class OptunaStrategy:
    """Walks the space with ``trial.suggest_*``: a gene is suggested only where it is active.

    The sampler is treated as in a loop of its own that has a cache: what it suggests again is told
    to it again with the known values, and it is asked anew. So a duplicate costs the search
    nothing, neither an evaluation nor a trial of its budget. The like of a pending candidate is
    told along with it, and what does not meet the space's constraints is told as failed. After
    ``TRIES`` in vain a random unseen candidate is taken, and told to the sampler like its own.

    A trial that goes on from another is told as one more, of the same parameters.

    The objectives' limits are told as Optuna's constraints; not every sampler heeds them.

    Args:
        seed: of the sampler, unless its config gives one.
        sampler: makes any of ``optuna.samplers.*``; its config says ``_partial_: true``.

    Raises:
        ConfigError: if the sampler cannot be made or seeded, or does not work on these genes.

    Attributes:
        blind: see ``Strategy``.
    """

    def __init__(
        self,
        space: SearchSpace,
        objectives: Objectives,
        seed: int,
        sampler: Callable[..., BaseSampler],
    ) -> None:
        self._space, self._objectives = space, objectives
        self._unseen = Novelty(space)
        self._pending: dict[str, list[optuna.Trial]] = {}
        self._told: dict[str, Trial] = {}
        self._study = _open_study(objectives, _make(sampler, seed, space))
        self.blind = _blind(sampler)

    def ask(self, number: int, rng: Generator) -> Proposal | None:
        """What the sampler suggests, if it is fresh; None if the space is exhausted."""
        suggested = self._fresh(1)
        if suggested is not None:
            return self._proposal(number, *suggested, "sampler")
        left = self._unseen.random(rng)
        if left is None:
            return None
        suggested = self._fresh(TRIES)
        if suggested is not None:
            return self._proposal(number, *suggested, "sampler")
        return self._proposal(number, self._enqueued(left), left, "random")

    def tell(self, trial: Trial) -> None:
        """Hand the values, or the failure, to the sampler's study."""
        genotype = trial.proposal.genotype
        self._unseen.add(genotype)
        self._told[trial.key] = trial
        for asked in self._pending.pop(trial.key, None) or [self._enqueued(genotype)]:
            self._hand_over(trial, asked)

    def _proposal(
        self, number: int, asked: optuna.Trial, genotype: Genotype, origin: str
    ) -> Proposal:
        self._unseen.add(genotype)
        self._pending[genotype.key] = [asked]
        return Proposal(number, genotype, origin)

    def _fresh(self, tries: int) -> tuple[optuna.Trial, Genotype] | None:
        """The sampler's next suggestion that can be proposed; the others are answered."""
        for _ in range(tries):
            asked, genotype = self._suggested()
            if self._unseen.fresh(genotype):
                return asked, genotype
            self._answer(asked, genotype)
        return None

    def _answer(self, asked: optuna.Trial, genotype: Genotype) -> None:
        """Tell what is known of a suggestion that cannot be proposed."""
        if not self._space.feasible(genotype):
            self._study.tell(asked, state=TrialState.FAIL)
        elif genotype.key in self._pending:
            self._pending[genotype.key].append(asked)
        else:
            self._hand_over(self._told[genotype.key], asked)

    def _hand_over(self, trial: Trial, asked: optuna.Trial) -> None:
        limits = self._objectives.limits if trial.complete else ()
        breaches = {limit.name: breach(limit, trial.metrics) for limit in limits}
        if not trial.complete:
            self._report(trial, asked)
            self._study.tell(asked, state=STATES[trial.state])
        elif not all(map(math.isfinite, breaches.values())):
            self._study.tell(asked, state=TrialState.FAIL)  # nothing can be learnt from infinity
        else:
            for name, value in breaches.items():
                asked.set_constraint(name, value)
            self._study.tell(asked, [trial.values[one.name] for one in self._objectives])

    def _report(self, trial: Trial, asked: optuna.Trial) -> None:
        """Tell what a training that was ended had reached, where Optuna takes it."""
        known = trial.metrics.get(self._objectives[0].name)
        if trial.state == "pruned" and len(self._objectives) == 1 and known is not None:
            asked.report(known, trial.epochs)

    def _suggested(self) -> tuple[optuna.Trial, Genotype]:
        try:
            with threadpool_limits(limits=1):  # small matrices: threads would wait for each other
                asked = self._study.ask()
            return asked, self._space.walk(lambda gene: suggest(asked, gene))
        except ValueError as error:  # such as a grid that lacks a gene
            name = type(self._study.sampler).__name__
            raise ConfigError("strategy.sampler", f"{name} cannot go on: {error}") from error

    def _enqueued(self, genotype: Genotype) -> optuna.Trial:
        """The study's trial of a genotype that its sampler did not suggest."""
        places = self._space.places
        self._study.enqueue_trial(
            {name: parameter(places[name].gene, made) for name, made in genotype.items()}
        )
        return self._suggested()[0]


class EndlessStudy(optuna.Study):
    """A study that is asked and told from outside, and lets no sampler end it."""

    def stop(self) -> None:
        """The space is exhausted; that is found out by asking again."""


def _open_study(objectives: Objectives, sampler: BaseSampler) -> EndlessStudy:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = InMemoryStorage()
    directions = [objective.direction for objective in objectives]
    made = optuna.create_study(storage=storage, sampler=sampler, directions=directions)
    return EndlessStudy(made.study_name, storage, sampler)


def _make(sampler: Callable[..., BaseSampler], seed: int, space: SearchSpace) -> BaseSampler:
    """The sampler of a partial config, seeded."""
    if isinstance(sampler, BaseSampler):
        raise ConfigError("strategy.sampler", "needs _partial_: true; its seed is given here")
    parameters = inspect.signature(sampler).parameters
    if "seed" not in parameters:
        raise ConfigError(
            "strategy.sampler",
            "takes no seed, so that the search could not be repeated; take one of"
            f" optuna.samplers that does: {listing(_seedable())}",
        )
    given = parameters["seed"].default
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        made = sampler(seed=seed if given in (None, inspect.Parameter.empty) else given)
    if not isinstance(made, BaseSampler):
        raise ConfigError(
            "strategy.sampler._target_",
            f"makes a {type(made).__name__}, which is no sampler; take one of optuna.samplers:"
            f" {listing(_seedable())}",
        )
    if isinstance(made, CmaEsSampler):
        _check_installed("cmaes")
        _check_numeric(space)
    return made


def _blind(sampler: Callable[..., BaseSampler]) -> dict[str, int]:
    """Of the arguments in ``BLIND`` those that a sampler takes, with their values."""
    parameters = inspect.signature(sampler).parameters
    given = {name: parameters[name].default for name in BLIND if name in parameters}
    return {f"strategy.sampler.{n}": one for n, one in given.items() if isinstance(one, int)}


def _seedable() -> list[str]:
    return [
        name
        for name in optuna.samplers.__all__
        if name.endswith("Sampler")
        and "seed" in inspect.signature(getattr(optuna.samplers, name)).parameters
    ]


def _check_installed(package: str) -> None:
    """Optuna imports it when it is first needed, which is in the middle of a search."""
    try:
        import_module(package)
    except ImportError as error:
        raise ConfigError(
            "strategy.sampler",
            f"needs the package {package}; pip install 'nas-hydra[samplers]', or take another"
            " strategy, such as strategy=tpe",
        ) from error


def _check_numeric(space: SearchSpace) -> None:
    """Make sure that every gene is a number, and active in every candidate."""
    for gene in space.genes:
        if isinstance(gene, Categorical) and len(gene) > 1:
            raise ConfigError(
                gene.name,
                "is a choice between labels; CMA-ES works on numbers only. Open it with _int_ or"
                " _float_, fix it, or take another strategy, such as strategy=tpe",
            )
    smallest = space.walk(_lowest)  # with numbers alone, only counts of copies decide about others
    for gene in space.genes:
        if gene.name not in smallest:
            raise ConfigError(
                gene.name,
                "is not active in every candidate, as CMA-ES needs it. Fix the _repeat_ that it is"
                " in, or take another strategy, such as strategy=tpe",
            )


def _lowest(gene: Gene) -> Decision:
    return gene.labels[0] if isinstance(gene, Categorical) else gene.low


def breach(limit: Limit, metrics: Mapping[str, float]) -> float:
    """By how much a metric breaks a limit, as a share of the bound; negative where it does not."""
    excess = limit.excess(metrics)
    if excess > 0:
        return excess
    bounds = [bound for bound in (limit.at_least, limit.at_most) if math.isfinite(bound)]
    return -min(abs(metrics[limit.name] - bound) / (abs(bound) or 1.0) for bound in bounds)


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
