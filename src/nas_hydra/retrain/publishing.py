"""A retrained model as a W&B run of its own, beside its search."""

from pathlib import Path
from typing import Any

from nas_hydra.artifact import CARD, CONFIG, CONFUSION, DESCRIPTION, EXAMPLES, METRICS, WEIGHTS
from nas_hydra.component import build
from nas_hydra.masking import masked
from nas_hydra.retrain.files import Outcome
from nas_hydra.run import Run
from nas_hydra.tracker.base import Publisher
from nas_hydra.tracker.expendable import spared

FILES = (CONFIG, WEIGHTS, DESCRIPTION, EXAMPLES, METRICS, CONFUSION, CARD)


def publish(folder: Path, outcome: Outcome) -> None:
    """Hand the figures and the files to the search's tracker, if it takes any."""
    tracker = build(outcome.searched.settings.tracker, "tracker")
    if isinstance(tracker, Publisher):
        files = [folder / name for name in FILES]
        with spared(tracker):
            tracker.publish(run_of(folder, outcome), "retrain", summary(outcome), files)


def run_of(folder: Path, outcome: Outcome) -> Run:
    """The retraining as trackers see it: in the search's group, with its config."""
    searched = outcome.searched
    name = str(searched.plain["name"])
    return Run(
        folder=folder.absolute(),  # W&B's service may have begun elsewhere
        name=f"{name}-{outcome.trial.number}-retrain",
        group=searched.origin.group,
        command=outcome.command,
        choices=searched.origin.choices,
        config=masked({**searched.plain, "retrained": dict(outcome.candidate), "search": name}),
        objectives=searched.past.objectives,
        genes=[gene.name for gene in searched.space.genes],
        metrics=list(outcome.standings[0].metrics),
        trials=outcome.seeds,
        seed=searched.settings.seed,
    )


def summary(outcome: Outcome) -> dict[str, Any]:
    """Role and metric -> mean and, of several seeds, standard deviation."""
    found: dict[str, Any] = {"trial": outcome.trial.number, "seeds": outcome.seeds}
    for one in outcome.standings:
        found[f"{one.role}/name"] = one.name
        for name, spread in one.metrics.items():
            found[f"{one.role}/{name}"] = spread.mean
            if spread.std is not None:
                found[f"{one.role}/{name}_std"] = spread.std
    return found
