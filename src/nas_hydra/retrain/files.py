"""The folder of a retrained model: its weights, what they take, what they are worth."""

import io
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from nas_hydra.app.finished import RetrainedSearch
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
    read_artifact,
)
from nas_hydra.config.foreign import check_foreign
from nas_hydra.dataset import Data, Dataset, ImageDataset, Tree
from nas_hydra.dataset.examples import save_examples
from nas_hydra.dataset.prepare.standardize import Standardized
from nas_hydra.dataset.raw import preparation, raw_rows
from nas_hydra.dataset.split import Stage
from nas_hydra.description import Description, Image, ModelSource, Normalize, Preparation
from nas_hydra.document.markdown import markdown
from nas_hydra.errors import ConfigError, in_one_line
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.files.digest import digest_of_file, sealed
from nas_hydra.files.small_file import drafted, replace
from nas_hydra.masking import masked_file
from nas_hydra.objective import Objective
from nas_hydra.report.summary import versions
from nas_hydra.retrain.card import CardFacts, Drawn, card
from nas_hydra.retrain.confusion import picture
from nas_hydra.retrain.ranges import picture as ranges_picture
from nas_hydra.retrain.ranges import ranges_of
from nas_hydra.retrain.seen import Seen
from nas_hydra.retrain.training import Contender, SeedTraining
from nas_hydra.retrain.verdict import NetworkResult, network_result, verdict
from nas_hydra.task.report import Report
from nas_hydra.trial import Trial


@dataclass(frozen=True)
class Packed:
    """A preparation that can be written.

    Args:
        content: of its file.
        classes: that reading it needs, by their full names.
    """

    content: bytes
    classes: list[str]


def packed(prepare: nn.Module) -> Packed | None:
    """The preparation as a file; None if it changes nothing.

    Raises:
        ConfigError: if it could not be read again, or names what may not be called.
    """
    if isinstance(prepare, nn.Identity):
        return None
    kinds = list(dict.fromkeys(type(part) for part in prepare.modules()))
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in kinds]
    for name in names:
        check_foreign({"_target_": name}, "dataset.prepare")
    stream = io.BytesIO()
    try:
        torch.save(prepare, stream)
        stream.seek(0)
        with torch.serialization.safe_globals([*kinds]):
            torch.load(stream, weights_only=True)
    except Exception as error:  # torch and pickle raise all kinds
        raise ConfigError(
            "dataset.prepare",
            f"gives a {kinds[0].__name__}, which cannot be kept with a model"
            f" ({in_one_line(error)}); a preparation is made of buffers, layers and plain values,"
            " and of classes that can be imported",
        ) from error
    return Packed(stream.getvalue(), names)


def _normalize_of(prepare: nn.Module, channels: int) -> Normalize | None:
    """What images of so many channels are normalised by; None if something else is done to them."""
    if isinstance(prepare, nn.Identity):
        return Normalize(mean=[0.0] * channels, std=[1.0] * channels)
    if isinstance(prepare, Standardized):
        return Normalize(mean=prepare.mean.flatten().tolist(), std=prepare.std.flatten().tolist())
    return None


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
        objective: by which the networks are compared.
        references: what simpler methods reach.
    """

    searched: RetrainedSearch
    trial: Trial
    own: Contender
    trained: Mapping[str, Sequence[SeedTraining]]
    others: Sequence[Contender]
    seeds: int
    command: str
    first_use: bool
    monitors: Sequence[str]
    seen: Seen
    objective: Objective
    references: Sequence[NetworkResult] = ()

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
        """Its own, then those of the baselines and of simpler methods."""
        trained = [network_result(one, self.trained[one.name]) for one in (self.own, *self.others)]
        return [*trained, *self.references]

    @property
    def verdict(self) -> str:
        """How it compares with the baselines."""
        return verdict(self.results, self.objective, self.prepared.task.percent)

    @property
    def weights(self) -> Path | None:
        """The weights of the first seed that was trained to its end; None if none was."""
        complete = (one.weights for one in self.trained[self.own.name] if one.trial.complete)
        return next(complete, None)


def write_folder(folder: Path, one: Retraining, weights: Path) -> None:
    """Write the model, and then what it gives on the test split as it is read from there."""
    with drafted(folder) as draft:
        described = _write_model(draft, one, weights)
        report = _tested(draft, one)
        metrics = _measured(one, report)
        replace(draft / METRICS, json.dumps(metrics, indent=2) + "\n")
        title = f"trial {one.trial.number} on {report.total:,} test {one.seen.unit}"
        drawn = _drawn(metrics, described.classes or (), title)
        if drawn is not None:
            replace(draft / drawn.file, drawn.svg)
        facts = CardFacts(
            *(one.candidate, one.trial, one.results, one.objective, described, metrics, one.seen),
            drawn=drawn,
            random=next((other.decisions for other in one.others if other.role == "random"), {}),
        )
        shown = card(facts, one.prepared.task, report, one.command)
        replace(draft / CARD, markdown(shown))


def _drawn(metrics: Mapping[str, Any], classes: Sequence[str], title: str) -> Drawn | None:
    """The picture of what was measured on the test rows; None if there is none to make."""
    if "confusion" in metrics:
        svg = picture(metrics["confusion"], classes, title)
        return Drawn(svg, "What it takes for what", CONFUSION)
    words, rows = ranges_of(metrics)
    if not rows:
        return None
    return Drawn(ranges_picture(rows, title, words), words.partition(":")[0].capitalize(), RANGES)


def _write_model(draft: Path, one: Retraining, weights: Path) -> Description:
    """Write what a model is, and nothing of what it is worth."""
    shutil.copyfile(weights, draft / WEIGHTS)
    replace(draft / CONFIG, OmegaConf.to_yaml(OmegaConf.create(masked_file(one.candidate))))
    files = {"weights": WEIGHTS, "config": CONFIG}
    if one.seen.examples:
        save_examples(draft / EXAMPLES, one.seen.examples)
        files["examples"] = EXAMPLES
    digests = {name: digest_of_file(draft / file) for name, file in files.items()}
    described = _description(draft, one, digests)
    replace(draft / DESCRIPTION, json.dumps(sealed(described.content), indent=2) + "\n")
    return described


def _tested(draft: Path, one: Retraining) -> Report:
    """What the model gives that is read from its folder."""
    batches = one.prepared.data.test_batches()
    assert batches is not None  # both stages of a winner test
    return one.prepared.task.tested(read_artifact(draft).model(), batches)


def _description(draft: Path, one: Retraining, digests: Mapping[str, str]) -> Description:
    """What ``model.json`` holds; a preparation that it has no words for becomes a file."""
    data, source = one.prepared.data, one.searched.past.folder.absolute()
    prepare = preparation(data)
    normalize = (
        _normalize_of(prepare, data.input_shape[0]) if isinstance(data, ImageDataset) else None
    )
    content = None if normalize else packed(prepare)
    kept = None
    if content is not None:
        replace(draft / PREPARE, content.content)
        kept = Preparation(sha256=digest_of_file(draft / PREPARE), classes=content.classes)
    known: dict[str, Any] = {**one.prepared.task.facts(data), **_taken(data), **digests}
    if isinstance(data, Dataset):
        known["data"] = dict(data.described()) or None
    return Description(
        **known,
        normalize=normalize,
        prepare=kept,
        source=ModelSource(run=str(source), trial=one.trial.number, key=one.trial.key),
        versions=dict(versions()),
    )


def _taken(data: Data) -> dict[str, Any]:
    """What a model of this data takes, as ``Description`` has it."""
    if isinstance(data, ImageDataset):
        channels, height, width = data.input_shape
        return {"image": Image(channels=channels, height=height, width=width)}
    inputs, _ = next(raw_rows(data, 1))
    return {"inputs": _kinds(inputs)}


def _kinds(tree: Tree) -> Any:
    """A tree of inputs as ``Description.inputs``."""
    if isinstance(tree, Tensor):
        return {"dtype": str(tree.dtype).removeprefix("torch."), "shape": list(tree.shape[1:])}
    if isinstance(tree, Mapping):
        return {str(name): _kinds(part) for name, part in tree.items()}
    return [_kinds(part) for part in tree]


def _measured(one: Retraining, report: Report) -> dict[str, Any]:
    """What ``metrics.json`` holds."""
    searched, trial, noted = one.searched, one.trial, one.seen
    return {
        "trial": trial.number,
        "seeds": one.seeds,
        "first_use_of_test_split": one.first_use,
        noted.key: _numbers(one, report.total),
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


def _numbers(one: Retraining, total: int) -> dict[str, Any]:
    """How many rows there were for what."""
    data = one.prepared.data
    known: dict[str, Any] = {"trained_on": data.rows, "tested_on": total}
    if one.monitors and isinstance(data, Dataset):
        watched = 0 if data.valid is None else len(data.valid)
        known |= {"monitored_on": watched, "monitored_by": list(one.monitors)}
    return known
