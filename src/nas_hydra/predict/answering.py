"""What a network's outputs say, in the words of its task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from nas_hydra.artifact import Artifact
from nas_hydra.dataset import Tree
from nas_hydra.dataset.texts.tokenizing import restored
from nas_hydra.dataset.tree import leaves, number_of_rows
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line
from nas_hydra.files.small_file import check_place
from nas_hydra.network import network_of, outputs
from nas_hydra.predict import Answer, OfClasses, OfFile, OfHeads, OfLabels, OfNumbers, OfText
from nas_hydra.predict.continuing import Continuation
from nas_hydra.task import Task
from nas_hydra.task.multi_task import MultiTask
from nas_hydra.task.tokens import Tokens

MOST = 100
"""Numbers of a row that are written beside each other; more go into a file of the row's own."""


class PredictError(NasHydraError):
    """The network fails on what it should take."""


@dataclass(frozen=True)
class Answering:
    """A trained network, and how what it gives is told.

    Args:
        network: inputs as the data has them to outputs.
        task: that it was trained for, see ``Artifact.task``.
        facts: what ``model.json`` says of the task, see ``Task.facts``.
        unit: what its rows are called.
        folder: where answers go that are files; None if nobody has said it.
        continued: goes on with a text; None if the task tells something else than its tokens.
    """

    network: nn.Module
    task: Task
    facts: Mapping[str, Any]
    unit: str
    folder: Path | None
    continued: Continuation | None = None

    @classmethod
    def of(cls, artifact: Artifact, folder: Path | None) -> Self:
        """That of a retrained model.

        Raises:
            ConfigError: if it cannot be loaded, or its answers are files and no folder is said.
        """
        known = artifact.description
        facts = {"classes": known.classes, "task": known.task}
        unit = "images" if artifact.image else "rows"
        network, task = network_of(artifact), artifact.task()
        data: Any = known.data or {}
        described = data.get("tokenizer")
        if isinstance(task, Tokens) and described is not None:
            continued = Continuation(network, restored(described))
            return cls(network, task, facts, unit, folder, continued)
        made = cls(network, task, facts, unit, folder)
        made._check_folder(artifact)
        return made

    def _check_folder(self, artifact: Artifact) -> None:
        """Make sure that files have a place before any row is looked at."""
        if self.folder is not None:
            check_place(self.folder, "out")
            return
        with torch.inference_mode():
            output = self.task.answer(self.network(artifact.empty(1)))
        if not isinstance(output, Mapping) and _is_large(output):
            problem = "is not given, and this model answers with a file for each row"
            raise ConfigError("out", f"{problem}; say out=FOLDER")

    def __call__(self, names: Sequence[str], inputs: Tree) -> list[Answer]:
        """What is said of rows.

        Args:
            names: of them, for the names of files.
            inputs: (N, ...), as the data has them.

        Raises:
            PredictError: if the network fails on several rows at a time.
        """
        rows = number_of_rows(inputs)
        try:
            if self.continued is not None:
                return [OfText(text) for text in self.continued(inputs)]
            with torch.inference_mode():
                found = self.task.answer(outputs(self.network, inputs))
        except Exception as error:  # any module may raise anything
            raise PredictError(
                f"the network fails on {rows:,} {self.unit} at a time: {in_one_line(error)}"
            ) from error
        return list(self._told(self.task, self.facts, names, found))

    def _told(
        self, task: Task, facts: Mapping[str, Any], names: Sequence[str], found: Tree
    ) -> Iterator[Answer]:
        """The answers of a task, or of each of its heads."""
        if isinstance(found, Mapping):
            tasks = task.heads if isinstance(task, MultiTask) else {}
            known = _of_task(facts).get("heads", {})
            parts = {
                name: self._told(tasks.get(name, task), known.get(name, {}), names, part)
                for name, part in found.items()
            }
            yield from (
                OfHeads(dict(zip(parts, row, strict=True)))
                for row in zip(*parts.values(), strict=True)
            )
        elif _is_large(found):
            yield from self._written(names, found)
        else:
            for row in _flat(found).tolist():
                yield _answer(facts, row)

    def _written(self, names: Sequence[str], found: Tensor) -> Iterator[Answer]:
        """Class maps as grey pictures, by the numbers of the training; other arrays as ``.npy``."""
        assert self.folder is not None  # or it would have been asked for
        self.folder.mkdir(parents=True, exist_ok=True)
        values = _values(self.facts.get("classes") or ())
        for name, one in zip(names, found, strict=True):
            is_map = one.ndim == 2 and not one.is_floating_point()
            file = _free(self.folder, self._stem(name), ".png" if is_map else ".npy")
            if is_map:
                Image.fromarray(values[np.asarray(one)]).save(file)
            else:
                np.save(file, np.asarray(one))
            yield OfFile(str(file))

    def _stem(self, name: str) -> str:
        """``scan`` for a picture ``scans/scan.jpg``, and ``rows-3`` for a row ``rows.csv:3``."""
        file, _, row = name.rpartition(":")
        return Path(name).stem if self.unit == "images" else f"{Path(file).stem}-{row}"


def _values(classes: Sequence[str]) -> NDArray[np.uint8]:
    """What stands for each class in a picture: its name, if all are numbers, or its place."""
    known = [int(name) for name in classes if name.isdecimal() and int(name) < 256]
    return np.array(known if classes and len(known) == len(classes) else range(256), "u1")


def _free(folder: Path, stem: str, ending: str) -> Path:
    """A path in a folder where no file is: rows may be called alike."""
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(file for name in names if not (file := folder / f"{name}{ending}").exists())


def _is_large(found: Tensor) -> bool:
    """Whether what is said of a row is no list of a few numbers."""
    return found[0].numel() > MOST or found.ndim > 2


def _flat(found: Tree) -> Tensor:
    """The numbers of each row, (N, numbers)."""
    parts = [leaf.reshape(len(leaf), -1).double() for leaf in leaves(found)]
    return torch.cat(parts, dim=1)


def _answer(facts: Mapping[str, Any], row: Sequence[float]) -> Answer:
    """What the numbers of one row say."""
    classes, known = facts.get("classes"), _of_task(facts)
    if classes and len(classes) == len(row):
        return OfClasses(_sorted(classes, row))
    if labels := known.get("labels"):
        return OfLabels(_sorted(labels, row), known["threshold"])
    names = known.get("outputs") or ["output"]
    if len(names) != len(row):
        names = [f"output {place}" for place in range(len(row))]
    return OfNumbers(dict(zip(names, row, strict=True)))


def _of_task(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a task says of itself beside its classes."""
    known = facts.get("task")
    return known if isinstance(known, Mapping) else {}


def _sorted(names: Sequence[str], shares: Sequence[float]) -> dict[str, float]:
    pairs = zip(names, shares, strict=True)
    return dict(sorted(pairs, key=lambda pair: pair[1], reverse=True))
