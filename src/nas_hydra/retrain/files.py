"""The folder of a retrained model."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from torch import nn

from nas_hydra.artifact import (
    CARD,
    CONFIG,
    CONFUSION,
    DESCRIPTION,
    EXAMPLES,
    METRICS,
    WEIGHTS,
    Description,
    Image,
    Normalize,
    Source,
    read_artifact,
)
from nas_hydra.component import build
from nas_hydra.dataset import ImageDataset
from nas_hydra.dataset.examples import save
from nas_hydra.dataset.prepare.standardize import Standardized
from nas_hydra.dataset.split import Stage
from nas_hydra.digest import digest_of_file, sealed
from nas_hydra.draft import drafted
from nas_hydra.errors import ConfigError
from nas_hydra.masking import masked_file
from nas_hydra.report.summary import versions
from nas_hydra.retrain.card import Facts, card
from nas_hydra.retrain.confusion import confusion, picture
from nas_hydra.retrain.searched import Searched
from nas_hydra.retrain.seen import Seen
from nas_hydra.retrain.standing import Standing, standing, wilson
from nas_hydra.retrain.training import Contender, Training
from nas_hydra.small_file import replace
from nas_hydra.trial import Trial


@dataclass(frozen=True)
class Outcome:
    """All that is known of one retrained trial.

    Args:
        searched: the search.
        trial: of it.
        own: the trial as a contender.
        trained: name of a contender -> its trainings, by seed.
        others: the yardsticks.
        seeds: how often each was trained.
        command: that was typed.
        first_use: whether the test split was not used before, as far as is known.
        monitors: what watched the trainings, see ``nas_hydra.evaluator.final.monitoring``.
        seen: what was seen of the test images.
    """

    searched: Searched
    trial: Trial
    own: Contender
    trained: Mapping[str, Sequence[Training]]
    others: Sequence[Contender]
    seeds: int
    command: str
    first_use: bool
    monitors: Sequence[str]
    seen: Seen

    @property
    def candidate(self) -> Mapping[str, Any]:
        """The trial's closed config."""
        return self.own.candidate

    @property
    def stage(self) -> Stage:
        """What the images are for."""
        return "monitored" if self.monitors else "final"

    @cached_property
    def standings(self) -> list[Standing]:
        """How it stands, then how the yardsticks do."""
        return [standing(one, self.trained[one.name]) for one in (self.own, *self.others)]

    @property
    def weights(self) -> Path | None:
        """The weights of the first seed that was trained to its end; None if none was."""
        complete = (one.weights for one in self.trained[self.own.name] if one.trial.complete)
        return next(complete, None)


def write(folder: Path, outcome: Outcome, weights: Path) -> None:
    """Write the model, and then what it gives on the test split as it is read from there."""
    built: ImageDataset = build(outcome.candidate["dataset"], "dataset")
    dataset = built.at(outcome.stage)
    tested = dataset.test
    assert tested is not None  # both stages of a winner test
    with drafted(folder) as draft:
        save(draft / EXAMPLES, outcome.seen.examples)
        replace(draft / CONFIG, OmegaConf.to_yaml(OmegaConf.create(masked_file(outcome.candidate))))
        files = {"weights": weights, "examples": draft / EXAMPLES, "config": draft / CONFIG}
        digests = {name: digest_of_file(file) for name, file in files.items()}
        described = description(outcome, dataset, digests)
        shutil.copyfile(weights, draft / WEIGHTS)
        replace(draft / DESCRIPTION, json.dumps(sealed(described.model_dump()), indent=2) + "\n")
        counts = confusion(read_artifact(draft), tested)
        metrics = measured(outcome, dataset, counts)
        replace(draft / METRICS, json.dumps(metrics, indent=2) + "\n")
        title = f"trial {outcome.trial.number} on {sum(map(sum, counts)):,} test images"
        replace(draft / CONFUSION, picture(counts, described.classes, title))
        facts = Facts(
            *(outcome.candidate, outcome.trial, outcome.standings, described, metrics),
            outcome.seen,
        )
        replace(draft / CARD, card(facts, outcome.command))


def normalize(prepare: nn.Module, channels: int) -> Normalize:
    """What images of so many channels are normalised by.

    Raises:
        ConfigError: if something else is done to them.
    """
    if isinstance(prepare, nn.Identity):
        return Normalize(mean=[0.0] * channels, std=[1.0] * channels)
    if isinstance(prepare, Standardized):
        return Normalize(mean=prepare.mean.flatten().tolist(), std=prepare.std.flatten().tolist())
    name = type(prepare).__name__
    raise ConfigError(
        "dataset.prepare", f"is a {name}, which a model's folder cannot tell; say standardize, none"
    )


def description(outcome: Outcome, dataset: ImageDataset, digests: Mapping[str, str]) -> Description:
    """What ``model.json`` holds."""
    channels, height, width = dataset.input_shape
    return Description(
        classes=list(dataset.class_names),
        image=Image(channels=channels, height=height, width=width),
        normalize=normalize(dataset.splits.prepare, channels),
        source=Source(
            run=str(outcome.searched.past.folder.absolute()),
            trial=outcome.trial.number,
            key=outcome.trial.key,
        ),
        versions=dict(versions()),
        **digests,
    )


def measured(
    outcome: Outcome, dataset: ImageDataset, counts: Sequence[Sequence[int]]
) -> dict[str, Any]:
    """What ``metrics.json`` holds."""
    hits, total = sum(row[place] for place, row in enumerate(counts)), sum(map(sum, counts))
    searched, trial = outcome.searched, outcome.trial
    return {
        "trial": trial.number,
        "seeds": outcome.seeds,
        "first_use_of_test_split": outcome.first_use,
        "images": images(outcome, dataset),
        "test_images_seen": outcome.seen.figures,
        "networks": [asdict(one) for one in outcome.standings],
        "model": {"test_acc": hits / total, "test_acc_interval": wilson(hits, total)},
        "confusion": [list(row) for row in counts],
        "search": {
            "dataset": searched.origin.choices.get("dataset"),
            "metrics": dict(trial.metrics),
            "genotype": dict(trial.proposal.genotype),
            "trials": len(searched.past.trials),
            "seconds": round(searched.seconds, 3),
        },
    }


def images(outcome: Outcome, dataset: ImageDataset) -> dict[str, Any]:
    """How many there were for what."""
    known = dataset.splits
    numbers: dict[str, Any] = {"trained_on": len(known.train), "tested_on": len(known.test or ())}
    if known.valid is not None:
        numbers |= {"monitored_on": len(known.valid), "monitored_by": list(outcome.monitors)}
    return numbers
