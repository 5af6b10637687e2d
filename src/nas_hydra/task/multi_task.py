"""Several tasks at once: a network with a head for each, and a loss that weighs them."""

import logging
from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from nas_hydra.dataset import Data, Tree
from nas_hydra.dataset.tree import form_of
from nas_hydra.errors import CandidateError, ConfigError, listing
from nas_hydra.task.base import Keep, Reduction, Task
from nas_hydra.task.heads import Head, check_head, of_head, one_of, settings_of
from nas_hydra.task.heads_report import HeadsReport
from nas_hydra.task.targets import TargetOf

log = logging.getLogger(__name__)


class MultiTask(Task):
    """One network with several heads: outputs are a dict, name -> what the head's task takes.

    So is the target; of data with a single one, every head is to tell that. The loss is the sum of
    the heads' losses, each times its weight; that of a validation has no weights, by which
    candidates may differ. A head's score ``acc`` is ``NAME_acc``: ``val_NAME_acc`` in a search.

    Args:
        heads: name -> ``task``, and ``weight``, which is 1 unless said, and at least 0.
        outputs: name -> how many outputs it has, for spaces that make the heads.
        keep, patience, average: see ``Task``; the loss of a validation decides.
    """

    def __init__(
        self,
        heads: Mapping[str, Head],
        outputs: Mapping[str, int | None] | None,
        keep: Keep = "last",
        patience: int | None = None,
        average: float | None = None,
    ) -> None:
        super().__init__(keep=keep, patience=patience, average=average)
        for name, head in heads.items():
            check_head(head, f"task.heads.{name}")
        self.weights = {name: float(head.get("weight", 1.0)) for name, head in heads.items()}
        if not any(self.weights.values()):
            raise ConfigError("task.heads", "has no head whose weight is above 0")
        self.heads: dict[str, Task] = {name: head["task"] for name, head in heads.items()}
        self.outputs = outputs
        named = [(name, task) for name, task in self.heads.items()]
        self.scores = {
            f"{name}_{one}": way for name, task in named for one, way in task.scores.items()
        }
        self.percent = [f"{name}_{one}" for name, task in named for one in task.percent]

    @property
    def monitor(self) -> str:
        """See ``Task``: no head is the first."""
        return "val_loss"

    @classmethod
    def found(cls, given: Mapping[str, Any], dataset: Mapping[str, Any]) -> Mapping[str, Any]:
        """A task for each target by its kind, with all its settings, and how many outputs it has.

        Raises:
            ConfigError: if there is no target with a name, or none knows what a head is to tell.
        """
        heads, kinds = given.get("heads") or {}, dataset.get("target_kind")
        kinds = kinds if isinstance(kinds, Mapping) else {}
        names = list(dict.fromkeys([*kinds, *heads]))
        if not names:
            problem = "is multi_task, and neither task.heads nor the dataset names several targets"
            raise ConfigError("task", f"{problem}: dataset.target=[a,b]")
        told: dict[str, Any] = {}
        outputs, tasks = {}, []
        for name in names:
            head = heads.get(name) or {}
            settings = settings_of(head, name, kinds.get(name), dataset)
            known = head.get("task") or {}
            told |= {
                f"heads[{name}].task.{key}": value
                for key, value in settings.items()
                if known.get(key) is None
            }
            if "weight" not in head:
                told[f"heads[{name}].weight"] = 1.0
            outputs[name] = settings.get("outputs") or one_of(dataset.get("num_classes"), name)
            tasks.append(f"{name} ({settings['_target_'].rpartition('.')[2]})")
        log.info("data: there is a head for each of %s", ", ".join(tasks))
        return told if given.get("outputs") else {**told, "outputs": outputs}

    def bound(self, data: Data) -> Self:
        """The task whose heads know their targets.

        Raises:
            ConfigError: naming the head, if its target is not there, or none for its task.
        """
        return self._with({name: _bound(task, data, name) for name, task in self.heads.items()})

    def _with(self, heads: dict[str, Task]) -> Self:
        task = copy(self)
        task.heads = heads
        return task

    def wanted(self, inputs: Tree, target: Tree) -> dict[str, Tree]:
        """What each head is to tell."""
        return {
            name: task.wanted(inputs, target.get(name) if isinstance(target, Mapping) else target)
            for name, task in self.heads.items()
        }

    def loss(self, output: Tree, target: Tree, reduction: Reduction = "mean") -> Tensor:
        """The weighted sum of the heads' losses."""
        losses = [
            self.weights[name] * task.loss(output[name], target[name], reduction)
            for name, task in self.heads.items()
        ]
        return torch.stack(losses).sum()

    def validation_loss(self, output: Tree, target: Tree) -> Tensor:
        """The sum of the heads' losses."""
        losses = [
            task.validation_loss(output[name], target[name]) for name, task in self.heads.items()
        ]
        return torch.stack(losses).sum()

    def check(self, output: Tree, target: Tree) -> None:
        """Make sure that there is an output for each head, which its task can take."""
        if not isinstance(output, Mapping) or {*output} != {*self.heads}:
            raise CandidateError(
                f"the model gives {form_of(output)}; a dict with an output for each head is needed:"
                f" {listing(self.heads)}"
            )
        for name, task in self.heads.items():
            try:
                task.check(output[name], target[name])
            except CandidateError as error:
                raise CandidateError(f"head '{name}': {error}") from error

    def unfit(self, target: Tree, rows: int) -> str:
        """The first head's that has something to say."""
        for name, task in self.heads.items():
            one = target.get(name) if isinstance(target, Mapping) else target
            if problem := task.unfit(one, rows):
                return f"{problem}, for head '{name}'"
        return ""

    def kept(self, output: Tree) -> Tree:
        """Of each head."""
        return {name: task.kept(output[name]) for name, task in self.heads.items()}

    def score(self, kept: Tree, target: Tree) -> Mapping[str, Tensor]:
        """Those of each head."""
        return {
            f"{name}_{one}": value
            for name, task in self.heads.items()
            for one, value in task.score(kept[name], target[name]).items()
        }

    def report(self, kept: Tree, target: Tree) -> HeadsReport:
        """That of each head."""
        return HeadsReport.of(
            {name: task.report(kept[name], target[name]) for name, task in self.heads.items()}
        )

    def answer(self, output: Tree) -> Tree:
        """That of each head."""
        return {name: task.answer(output[name]) for name, task in self.heads.items()}

    def last_layer(self) -> nn.Module:
        """That of each head."""
        return HeadLayers({name: task.last_layer() for name, task in self.heads.items()})

    def title(self, params: str) -> str:
        """``A network with 1,210 parameters and 2 heads: digit (Classification), ...``."""
        heads = [f"{name} ({type(task).__name__})" for name, task in self.heads.items()]
        return f"A network with {params} parameters and {len(heads)} heads: {', '.join(heads)}"

    def facts(self, data: Data) -> Mapping[str, Any]:
        """Those of each head, its classes among them."""
        known = {name: task.facts(_of(data, name)) for name, task in self.heads.items()}
        return {"task": {"heads": {name: _as_one(facts) for name, facts in known.items()}}}

    def restored(self, facts: Mapping[str, Any]) -> Self:
        """See ``Task``."""
        known = facts["task"]["heads"]
        return self._with(
            {
                name: task.restored({"classes": known[name].get("classes"), "task": known[name]})
                for name, task in self.heads.items()
            }
        )

    def outlook(self, data: Data) -> Iterator[str]:
        """That of each head."""
        for name, task in self.heads.items():
            for line in task.outlook(_of(data, name)):
                yield f"head {name}: {line}"


class HeadLayers(nn.Module):
    """What comes after each head.

    Args:
        layers: by the head's name, which need not be one that a module can have.
    """

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.names = list(layers)
        self.layers = nn.ModuleList(layers.values())

    def forward(self, outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Outputs by head to those that people use."""
        pairs = zip(self.names, self.layers, strict=True)
        return {name: layer(outputs[name]) for name, layer in pairs}


def _bound(task: Task, data: Data, name: str) -> Task:
    """A head's task that knows its target.

    Raises:
        ConfigError: naming the head.
    """
    try:
        return task.bound(_of(data, name))
    except ConfigError as error:
        raise of_head(error, name) from None


def _of(data: Data, name: str) -> Data:
    """The data as one head has it."""
    return cast(Data, TargetOf(data, name))


def _as_one(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What stands under ``task``, beside the classes."""
    return {**{key: one for key, one in facts.items() if key != "task"}, **facts.get("task", {})}
