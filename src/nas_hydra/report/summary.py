"""A search in a few numbers."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from nas_hydra.run import Run
from nas_hydra.trial import Trial

PACKAGES = (
    *("nas-hydra", "hydra-core", "numpy", "omegaconf", "optuna"),
    *("pytorch-lightning", "torch", "torchvision", "wandb"),
)


def summarize(
    run: Run, trials: Sequence[Trial], best: Trial | None, rejected: int = 0
) -> dict[str, Any]:
    """What ``summary.json`` holds.

    ``seconds`` is the time that all evaluations took together, also those of an earlier,
    interrupted process; ``best`` is None if no trial was completed; ``rejected`` is the number of
    different candidates that the space's constraints refused, so that no trial was spent on them.
    """
    return {
        **{group: run.choices[group] for group in ("strategy", "search_space", "dataset")},
        "seed": run.seed,
        "objectives": {objective.name: objective.direction for objective in run.objectives},
        "trials": {**count(trials), "rejected": rejected},
        "best": entry(best) if best else None,
        "seconds": round(sum(trial.seconds for trial in trials), 3),
        "versions": versions(),
    }


def count(trials: Sequence[Trial]) -> dict[str, int]:
    """Number of trials by state, and how many were answered by an earlier one."""
    states = {
        state: sum(trial.state == state for trial in trials)
        for state in ("complete", "pruned", "failed")
    }
    return {**states, "duplicates_saved": sum(t.duplicate_of is not None for t in trials)}


def entry(trial: Trial) -> dict[str, Any]:
    """One trial, as the summary shows it."""
    return {
        "trial": trial.number,
        "values": dict(trial.values),
        "metrics": dict(trial.metrics),
        "genotype": dict(trial.proposal.genotype),
        "key": trial.key,
    }


def versions() -> Mapping[str, str]:
    """What the search ran with."""
    return {
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }
