"""How much the outcome of a search depended on each decision, as Optuna reckons it."""

import warnings
from collections.abc import Sequence

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.trial import create_trial

from nas_hydra.errors import NasHydraError
from nas_hydra.objective import Objectives
from nas_hydra.report.outcome import TENTH
from nas_hydra.search_space import Gene
from nas_hydra.search_space.distribution import distribution
from nas_hydra.trial import Trial

FEWEST = 10
"""With fewer trials, the best tenth is one of them, and says nothing."""


class UnknownImportanceError(NasHydraError):
    """The trials do not tell which decisions were important."""


def importances(
    trials: Sequence[Trial], genes: Sequence[Gene], objectives: Objectives
) -> dict[str, float]:
    """Gene -> the share of all importance that it has, rising from the last; PED-ANOVA.

    It compares how the decisions of the best tenth of the trials are distributed with how those of
    all of them are (Watanabe et al. 2023), a gene that is not always active within the trials in
    which it is (conditional PED-ANOVA, 2026). With several objectives the best tenth are those
    nearest to the front.

    Args:
        trials: complete ones, each candidate once.
        genes: of the space.
        objectives: of the search; trials that break a limit do not count.

    Raises:
        UnknownImportanceError: if there are too few trials, or all are alike.
    """
    feasible = [trial for trial in trials if not objectives.violation(trial.metrics)]
    if len(feasible) < FEWEST:
        raise UnknownImportanceError(
            f"{len(feasible)} complete trials are too few to tell; it takes {FEWEST}"
        )
    if len({tuple(objectives.fitness(trial.values)) for trial in feasible}) == 1:
        raise UnknownImportanceError("all trials have the same outcome, whatever was decided")
    if not any(trial.proposal.genotype for trial in feasible):
        raise UnknownImportanceError("nothing was left to decide")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        warnings.simplefilter("ignore", UserWarning)  # of genes that were seldom active
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        evaluator = PedAnovaImportanceEvaluator(target_quantile=TENTH)
        return get_param_importances(study_of(feasible, genes, objectives), evaluator=evaluator)


def study_of(
    trials: Sequence[Trial], genes: Sequence[Gene], objectives: Objectives
) -> optuna.Study:
    """Complete trials as an Optuna study in memory."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {gene.name: distribution(gene) for gene in genes}
    study = optuna.create_study(directions=[objective.direction for objective in objectives])
    study.add_trials(
        create_trial(
            values=[trial.values[objective.name] for objective in objectives],
            params=dict(trial.proposal.genotype),
            distributions={name: distributions[name] for name in trial.proposal.genotype},
        )
        for trial in trials
    )
    return study
