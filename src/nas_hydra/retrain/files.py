"""The folder of a retrained model."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from torch import Tensor

from nas_hydra.artifact import (
    CARD,
    CONFIG,
    CONFUSION,
    DESCRIPTION,
    EXAMPLES,
    METRICS,
    PREPARE,
    WEIGHTS,
    read_artifact,
)
from nas_hydra.dataset import Data, Dataset, ImageDataset, Tree
from nas_hydra.dataset.examples import save
from nas_hydra.dataset.raw import preparation, raw_rows
from nas_hydra.dataset.split import Stage
from nas_hydra.description import Description, Image, Preparation, Source
from nas_hydra.digest import digest_of_file, sealed
from nas_hydra.draft import drafted
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.masking import masked_file
from nas_hydra.report.summary import versions
from nas_hydra.retrain.card import CardFacts, card
from nas_hydra.retrain.confusion import picture
from nas_hydra.retrain.preparation import normalize_of, packed
from nas_hydra.retrain.result import NetworkResult, result_of
from nas_hydra.retrain.searched import Searched
from nas_hydra.retrain.seen import Seen
from nas_hydra.retrain.training import Contender, SeedTraining
from nas_hydra.small_file import replace
from nas_hydra.task.report import Report
from nas_hydra.trial import Trial


@dataclass(frozen=True)
class Retraining:
    """All that is known of one retrained trial.

    Args:
        searched: the search.
        trial: of it.
        own: the trial as a contender.
        trained: name of a contender -> its trainings, by seed.
        others: the baselines.
        seeds: how often each was trained.
        command: that was typed.
        first_use: whether the test split was not used before, as far as is known.
        monitors: what watched the trainings, see ``nas_hydra.evaluator.final.monitoring``.
        seen: what was seen of the test rows.
    """

    searched: Searched
    trial: Trial
    own: Contender
    trained: Mapping[str, Sequence[SeedTraining]]
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
        """What the rows are for."""
        return "monitored" if self.monitors else "final"

    @cached_property
    def prepared(self) -> Prepared:
        """The trial with its data and its task."""
        return Prepared(self.candidate, self.stage)

    @cached_property
    def results(self) -> list[NetworkResult]:
        """Its own, then those of the baselines."""
        return [result_of(one, self.trained[one.name]) for one in (self.own, *self.others)]

    @property
    def weights(self) -> Path | None:
        """The weights of the first seed that was trained to its end; None if none was."""
        complete = (one.weights for one in self.trained[self.own.name] if one.trial.complete)
        return next(complete, None)


def write(folder: Path, one: Retraining, weights: Path) -> None:
    """Write the model, and then what it gives on the test split as it is read from there."""
    with drafted(folder) as draft:
        described = write_model(draft, one, weights)
        report = tested(draft, one)
        metrics = measured(one, report)
        replace(draft / METRICS, json.dumps(metrics, indent=2) + "\n")
        if "confusion" in metrics:
            title = f"trial {one.trial.number} on {report.total:,} test {one.seen.unit}"
            drawn = picture(metrics["confusion"], described.classes or (), title)
            replace(draft / CONFUSION, drawn)
        task = one.prepared.task
        facts = CardFacts(one.candidate, one.trial, one.results, described, metrics, one.seen)
        replace(draft / CARD, card(facts, task, report, one.command))


def write_model(draft: Path, one: Retraining, weights: Path) -> Description:
    """Write what a model is, and nothing of what it is worth."""
    shutil.copyfile(weights, draft / WEIGHTS)
    replace(draft / CONFIG, OmegaConf.to_yaml(OmegaConf.create(masked_file(one.candidate))))
    files = {"weights": WEIGHTS, "config": CONFIG}
    if one.seen.examples:
        save(draft / EXAMPLES, one.seen.examples)
        files["examples"] = EXAMPLES
    digests = {name: digest_of_file(draft / file) for name, file in files.items()}
    described = description(draft, one, digests)
    replace(draft / DESCRIPTION, json.dumps(sealed(described.content), indent=2) + "\n")
    return described


def tested(draft: Path, one: Retraining) -> Report:
    """What the model gives that is read from its folder."""
    batches = one.prepared.data.test_batches()
    assert batches is not None  # both stages of a winner test
    return one.prepared.task.tested(read_artifact(draft).model(), batches)


def description(draft: Path, one: Retraining, digests: Mapping[str, str]) -> Description:
    """What ``model.json`` holds; a preparation that it has no words for becomes a file."""
    data, source = one.prepared.data, one.searched.past.folder.absolute()
    prepare = preparation(data)
    normalize = (
        normalize_of(prepare, data.input_shape[0]) if isinstance(data, ImageDataset) else None
    )
    content = None if normalize else packed(prepare)
    kept = None
    if content is not None:
        replace(draft / PREPARE, content.content)
        kept = Preparation(sha256=digest_of_file(draft / PREPARE), classes=content.classes)
    known: dict[str, Any] = {**one.prepared.task.facts(data), **taken(data), **digests}
    return Description(
        **known,
        normalize=normalize,
        prepare=kept,
        source=Source(run=str(source), trial=one.trial.number, key=one.trial.key),
        versions=dict(versions()),
    )


def taken(data: Data) -> dict[str, Any]:
    """What a model of this data takes, as ``Description`` has it."""
    if isinstance(data, ImageDataset):
        channels, height, width = data.input_shape
        return {"image": Image(channels=channels, height=height, width=width)}
    inputs, _ = next(raw_rows(data, 1))
    return {"inputs": kinds(inputs)}


def kinds(tree: Tree) -> Any:
    """A tree of inputs as ``Description.inputs``."""
    if isinstance(tree, Tensor):
        return {"dtype": str(tree.dtype).removeprefix("torch."), "shape": list(tree.shape[1:])}
    if isinstance(tree, Mapping):
        return {str(name): kinds(part) for name, part in tree.items()}
    return [kinds(part) for part in tree]


def measured(one: Retraining, report: Report) -> dict[str, Any]:
    """What ``metrics.json`` holds."""
    searched, trial, noted = one.searched, one.trial, one.seen
    return {
        "trial": trial.number,
        "seeds": one.seeds,
        "first_use_of_test_split": one.first_use,
        noted.key: numbers(one, report.total),
        noted.key_of_seen: noted.figures,
        "networks": [asdict(result) for result in one.results],
        **report.parts,
        "search": {
            "dataset": searched.origin.choices.get("dataset"),
            "metrics": dict(trial.metrics),
            "genotype": dict(trial.proposal.genotype),
            "trials": len(searched.past.trials),
            "seconds": round(searched.seconds, 3),
        },
    }


def numbers(one: Retraining, total: int) -> dict[str, Any]:
    """How many rows there were for what."""
    data = one.prepared.data
    known: dict[str, Any] = {"trained_on": data.rows, "tested_on": total}
    if one.monitors and isinstance(data, Dataset):
        watched = 0 if data.valid is None else len(data.valid)
        known |= {"monitored_on": watched, "monitored_by": list(one.monitors)}
    return known
