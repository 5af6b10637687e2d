"""A retrained model as a W&B run of its own, beside its search."""

from pathlib import Path
from typing import Any

from nas_hydra.artifact import (
    CARD,
    CONFIG,
    CONFUSION,
    DESCRIPTION,
    EXAMPLES,
    METRICS,
    PREPARE,
    RANGES,
    WEIGHTS,
)
from nas_hydra.config.component import build
from nas_hydra.masking import masked
from nas_hydra.retrain.files import Retraining
from nas_hydra.run import Run
from nas_hydra.tracker.base import Publisher, spared

FILES = (CONFIG, WEIGHTS, DESCRIPTION, PREPARE, EXAMPLES, METRICS, CONFUSION, RANGES, CARD)
"""Those of them that a model has."""


def publish_model(folder: Path, retraining: Retraining) -> None:
    """Hand the figures and the files to the search's tracker, if it takes any."""
    tracker = build(retraining.searched.settings.tracker, "tracker")
    if isinstance(tracker, Publisher):
        files = [folder / name for name in FILES if (folder / name).is_file()]
        with spared(tracker):
            tracker.publish(_run_of(folder, retraining), "retrain", _summary(retraining), files)


def _run_of(folder: Path, retraining: Retraining) -> Run:
    """The retraining as trackers see it: in the search's group, with its config."""
    searched = retraining.searched
    name = str(searched.plain["name"])
    return Run(
        folder=folder.absolute(),  # W&B's service may have begun elsewhere
        name=f"{name}-{retraining.trial.number}-retrain",
        group=searched.origin.group,
        command=retraining.command,
        choices=searched.origin.choices,
        config=masked({**searched.plain, "retrained": dict(retraining.candidate), "search": name}),
        objectives=searched.past.objectives,
        genes=[gene.name for gene in searched.space.genes],
        metrics=list(retraining.results[0].metrics),
        trials=retraining.seeds,
        seed=searched.settings.seed,
    )


def _summary(retraining: Retraining) -> dict[str, Any]:
    """The verdict, and role and metric -> mean and, of several seeds, standard deviation."""
    found: dict[str, Any] = {"trial": retraining.trial.number, "seeds": retraining.seeds}
    found["verdict"] = retraining.verdict
    for one in retraining.results:
        if one.role == "reference":  # of which there are several
            place = f"reference/{one.name}"
        else:
            place = one.role
            found[f"{place}/name"] = one.name
        for name, spread in one.metrics.items():
            found[f"{place}/{name}"] = spread.mean
            if spread.std is not None:
                found[f"{place}/{name}_std"] = spread.std
    return found
