"""A candidate, and what is made of it on the way through the evaluators: each once."""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import torch
from torch import nn

from nas_hydra.component import build
from nas_hydra.dataset import Data, Example, Stage, empty_images
from nas_hydra.dataset.own import data_of
from nas_hydra.evaluator.base import Evaluator
from nas_hydra.evaluator.build import build_model
from nas_hydra.evaluator.device import device_of
from nas_hydra.evaluator.footprint import Footprint, of_candidate
from nas_hydra.evaluator.probe import blank
from nas_hydra.evaluator.sketch import META, Sketch
from nas_hydra.later import LATER
from nas_hydra.task import Task


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
        named = "_target_" in self["dataset"]
        return self.data.example if named else empty_images(self["dataset"]["input_shape"])

    @cached_property
    def device(self) -> torch.device:
        """Where it is trained."""
        return device_of(self["trainer"])

    @cached_property
    def sketch(self) -> Sketch:
        """Its network on the meta device."""
        return Sketch(self["model"], self.example.inputs)

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
        batch = blank(self.example.inputs, self.data.batch_size, META)
        return of_candidate(self, self.sketch.bare, batch)


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
