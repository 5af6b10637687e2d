"""A candidate and what is made of it, each once; and the evaluators that train it on data."""

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import torch
from torch import nn

from nas_hydra.config.component import build
from nas_hydra.config.later import LATER, identifying
from nas_hydra.dataset import Data, Example, ImageDataset, Stage, empty_images
from nas_hydra.dataset.cache import adopt_datasets, share_datasets
from nas_hydra.dataset.data import Noted
from nas_hydra.dataset.own import data_of
from nas_hydra.evaluator.base import Evaluator
from nas_hydra.evaluator.build import build_model, zeros
from nas_hydra.evaluator.code import code_digests, targets_in
from nas_hydra.evaluator.footprint import Footprint, of_candidate
from nas_hydra.evaluator.meta_network import META, MetaNetwork
from nas_hydra.evaluator.trainer import device_kind, device_of
from nas_hydra.files.digest import digests, is_path
from nas_hydra.search_space import SearchSpace
from nas_hydra.search_space.node import Constant, DictNode
from nas_hydra.task import Task

NO_ROWS = {field.name for field in fields(ImageDataset) if not field.compare}
"""Settings of a dataset that decide nothing about which rows it has."""
NEUTRAL = {
    "dataset": (
        *("root", "file", "test_file", "download"),
        *("memory_limit", "workers", "broken", "pixel_limit"),
    ),
    "trainer": ("accelerator", "devices", "enable_progress_bar", "enable_model_summary"),
}
"""Settings that change no number: where the images lie and are held; the device has its own key."""
HOLDING = ("model", "task")
"""Parts that may name folders; that of the data is told by what it holds, see ``Data.noted``."""


class Prepared(Mapping[str, Any]):
    """A closed config that knows its data, its task and its network without weights.

    Args:
        config: the candidate's closed config.
        stage: what its data is for.
    """

    def __init__(self, config: Mapping[str, Any], stage: Stage) -> None:
        self.config, self.stage = config, stage

    def __getitem__(self, part: str) -> Any:
        """A part of the closed config."""
        return self.config[part]

    def __iter__(self) -> Iterator[str]:
        """The names of its parts."""
        return iter(self.config)

    def __len__(self) -> int:
        """Number of parts."""
        return len(self.config)

    @cached_property
    def data(self) -> Data:
        """What it is trained and measured on."""
        return data_of(json.dumps(self["dataset"])).at(self.stage)

    @cached_property
    def task(self) -> Task:
        """What it is trained for; knows the data."""
        return task_of(self).bound(self.data)

    @cached_property
    def example(self) -> Example:
        """Two rows of its data; of a config that names none, of its ``input_shape``."""
        if "_target_" not in self["dataset"]:
            return empty_images(self["dataset"]["input_shape"])
        known = self.data.example
        return known._replace(target=self.task.wanted(*known))

    @cached_property
    def device(self) -> torch.device:
        """Where it is trained."""
        return device_of(self["trainer"])

    @cached_property
    def meta_network(self) -> MetaNetwork:
        """Its network on the meta device."""
        return MetaNetwork(self["model"], self.example.inputs)

    def network(self) -> nn.Module:
        """A new one with weights, its lazy layers made.

        Raises:
            CandidateError: if it cannot be built, or gives no output for the task.
        """
        return build_model(self["model"], self.example, self.task)

    @cached_property
    def footprint(self) -> Footprint:
        """What its training needs.

        Raises:
            CandidateError: if its network takes values to be built.
        """
        batch = zeros(self.example.inputs, self.data.batch_size, META)
        return of_candidate(self, self.meta_network.bare, batch)


def prepared_by(evaluator: Evaluator, candidate: Mapping[str, Any]) -> Prepared:
    """A candidate as an evaluator prepares it that trains networks.

    Raises:
        TypeError: if it trains none, so that there is no network to look at.
    """
    one = evaluator.prepared(candidate)
    if not isinstance(one, Prepared):
        raise TypeError(f"{type(evaluator).__name__} trains no network")
    return one


def task_of(candidate: Mapping[str, Any]) -> Task:
    """The task of a closed config; of one that names none, classification.

    Raises:
        ConfigError: if it is none, or refuses its settings.
    """
    task: Task = build(candidate.get("task") or LATER["task"], "task", Task)
    return task


def _same_data(space: SearchSpace) -> bool:
    """Whether all candidates of a space are trained on the same rows."""
    node = space.parts.get("dataset")
    if not isinstance(node, DictNode):
        return isinstance(node, Constant)
    open_ones = {name for name, part in node.items.items() if not isinstance(part, Constant)}
    return open_ones <= NO_ROWS


class OnData(Evaluator):
    """Knows which data its candidates are trained on.

    Args:
        seed: of everything that is drawn in a training, plus the number of earlier evaluations of
            the same candidate.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stage: Stage = "search"
        self._alike = True
        self._noted: Noted | None = None

    @property
    def data(self) -> Mapping[str, Any] | None:
        """What is noted of it."""
        return None if self._noted is None else self._noted.data

    def remember(self, folder: Path) -> None:
        """Keep which rows the search sees; unless candidates differ in them."""
        if self._noted is not None and self._alike:
            self._noted.save(folder)

    def changed(self, folder: Path) -> str:
        """Which rows are others than those that were kept there."""
        return "" if self._noted is None else self._noted.changed(folder)

    def at(self, stage: str) -> Self:
        """The same for another stage."""
        evaluator = copy(self)
        evaluator._stage = stage  # type: ignore[assignment]  # one of these three
        return evaluator

    def prepared(self, candidate: Mapping[str, Any]) -> Prepared:
        """A candidate that knows what is made of it; one that does is handed on."""
        known = isinstance(candidate, Prepared) and candidate.stage == self._stage
        return candidate if known else Prepared(candidate, self._stage)  # type: ignore[return-value]

    def prepare(self, space: SearchSpace) -> None:
        """See whether all candidates have the same data."""
        self._alike = _same_data(space)

    def share(self) -> Any:
        """The datasets in memory, in shared memory."""
        return share_datasets()

    def adopt(self, shared: Any) -> None:
        """Use the parent's datasets as they are."""
        adopt_datasets(shared)


def training_identity(
    one: Prepared, settings: Mapping[str, Any], modules: Iterable[str]
) -> dict[str, Any]:
    """Everything that the outcome of a training depends on, JSON-like.

    Args:
        one: the candidate.
        settings: of the evaluator, and the seed of this evaluation.
        modules: names of those that train.
    """
    parts = {
        part: {name: of for name, of in value.items() if name not in NEUTRAL.get(part, ())}
        if isinstance(value, Mapping)
        else value
        for part, value in sorted(identifying(one).items())
    }
    return {
        "candidate": parts,
        "images": dict(one.data.noted.identity),
        "files": {**digests(parts), **digests([parts.get(name) for name in HOLDING], is_path)},
        "settings": dict(settings),
        "device": device_kind(one.device),
        "threads": torch.get_num_threads() if one.device.type == "cpu" else None,
        "code": code_digests([*targets_in(parts), type(one.task).__module__, *modules]),
    }
