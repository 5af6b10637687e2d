"""Arrays of any shape: in a file of numpy's or torch's, or of a function."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nas_hydra.dataset.arrays import (
    Array,
    Told,
    arrays_of_file,
    arrays_of_function,
    check_numbers,
    inputs_of,
    target_of_array,
    tell_inputs,
)
from nas_hydra.dataset.base import Dataset
from nas_hydra.dataset.choosing import Whole
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.prepare.channels import StandardizeChannels
from nas_hydra.dataset.source import Source
from nas_hydra.dataset.split import Splitter
from nas_hydra.dataset.split.auto import Auto
from nas_hydra.dataset.tables.opened import Settings, fixed
from nas_hydra.dataset.tree import Tree, form_of, is_classes, number_of_rows, selected, tree_map
from nas_hydra.errors import ConfigError

log = logging.getLogger(__name__)

READ_BY = ("file", "function", "arguments", "inputs", "target", "ids", "target_kind")
TESTED_BY = ("test_inputs", "test_target")
"""Settings that decide what the rows are."""


@dataclass(frozen=True)
class ArrayRows:
    """A source of rows, in memory.

    Args:
        inputs: a tree of (N, ...).
        target: likewise.
    """

    inputs: Tree
    target: Tree

    def __getitem__(self, index: Tensor) -> Tree:
        """The inputs at these places."""
        return selected(self.inputs, index)


class NamedArrays:
    """The arrays that settings name, as tensors; each is read when it is asked for.

    Args:
        settings: of the dataset, by name: ``READ_BY`` and ``TESTED_BY``.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        if (settings.get("file") is None) == (settings.get("function") is None):
            raise ConfigError("dataset.file", "say either dataset.file or dataset.function")

    def read(self, key: str) -> dict[str, Array]:
        """The arrays of a setting, by the names that they have for a network, or a task."""
        given, function = self._settings[key], self._settings.get("function")
        names = dict(given) if isinstance(given, Mapping) else {"": given}
        if function is not None:
            arguments = self._settings.get("arguments") or {}
            known = arrays_of_function(function, arguments, names.values())
        else:
            file = Path(str(self._settings["file"])).expanduser()
            known = arrays_of_file(file, names.values())
        return {name: known[array] for name, array in names.items()}

    def rows(self, key: str, target: str) -> ArrayRows:
        """All rows of a setting, with what is to be told of them."""
        arrays = self.read(key)
        inputs = alone({name: self._inputs(name, array) for name, array in arrays.items()})
        if not self.told:
            check_numbers(self._named(key, arrays))
            return ArrayRows(inputs, inputs)
        told = self.told if target == "target" else self._test_told()
        values = {name: one.values for name, one in told.items()}
        check_numbers({**self._named(key, arrays), **self._named(target, values)})
        return ArrayRows(inputs, alone(values))

    @cached_property
    def development(self) -> ArrayRows:
        """All rows but those of a test of their own."""
        return self.rows("inputs", "target")

    @property
    def test(self) -> ArrayRows | None:
        """The rows of the test; None if there are none of their own."""
        if self._settings.get("test_inputs") is None:
            return None
        return self.rows("test_inputs", "test_target")

    @cached_property
    def told(self) -> dict[str, Told]:
        """What is to be told, by head; of one alone by an empty name; nothing: the inputs are."""
        if self._settings.get("target") is None:
            return {}
        return {name: self._of_kind(name, one) for name, one in self.read("target").items()}

    def _test_told(self) -> dict[str, Told]:
        if self._settings.get("test_target") is None:
            raise ConfigError("dataset.test_target", "is null, and dataset.test_inputs is not")
        return {
            name: self._of_kind(name, one, self.told[name].names or None)
            for name, one in self.read("test_target").items()
        }

    def _of_kind(self, head: str, array: Array, classes: Sequence[str] | None = None) -> Told:
        kinds = self._settings.get("target_kind")
        kind = kinds.get(head) if isinstance(kinds, Mapping) else kinds
        return target_of_array(array, head or str(self._settings["target"]), kind, classes)

    def _inputs(self, name: str, array: Array) -> Tensor:
        known = name or str(self._settings["inputs"])
        return inputs_of(array, known, known in (self._settings.get("ids") or ()))

    def _named(self, key: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Arrays by names for messages: as the file has them, if there is one alone."""
        return {name or str(self._settings[key]): array for name, array in arrays.items()}

    def tell(self) -> None:
        """Say what the arrays are taken for."""
        for name, array in self._named("inputs", self.read("inputs")).items():
            tell_inputs(array, name, name in (self._settings.get("ids") or ()))
        rows = self.development
        one = tree_map(lambda tensor: tensor[:1], rows.inputs)
        kinds = ", ".join(f"{head} {one.kind}".strip() for head, one in self.told.items())
        log.info(
            "data: %s rows; a row's inputs are %s, and its target is %s",
            *(f"{number_of_rows(rows.inputs):,}", form_of(one), kinds or "the same"),
        )


def alone(found: Mapping[str, Any]) -> Any:
    """What there is of each head; of one that is alone, that."""
    return found[""] if "" in found else dict(found)


@dataclass(frozen=True, kw_only=True)
class Tensors(Dataset, Whole):
    """Arrays whose first dimension counts rows.

    Args:
        file: ``.npz``, or ``.pt`` of a dict of tensors; None: a function gives them.
        function: dotted name of a callable that returns a dict of arrays.
        arguments: of the function, by name.
        inputs: name of the array that networks get; or name of an input -> name of its array.
        target: name of the array that is to be told; or head -> name of its array; None: the
            inputs themselves.
        test_inputs: as ``inputs``, of rows to test on; None: ``holdout`` of the rows are set aside.
        test_target: as ``target``, likewise.
        ids: names of those inputs whose whole numbers are places in a vocabulary.
        target_kind: ``class``, ``number``, ``labels`` or ``masks``; or head -> one of these.
        num_classes: how many classes, or labels, there are; of several heads by name.
        num_targets: how many numbers are told; likewise.
        input_shape: (C, H, W) of images; of others a row's shape.
        features: how many numbers a row of (N, F) has; None if it is of another shape.
        channels: of series (N, C, L); likewise.
        length: of series, or of ids (N, L); likewise.
        vocabulary: one more than the largest id; likewise.
        ragged: whether series are of different lengths, which arrays never are.
    """

    inputs: str | Mapping[str, str]
    target: str | Mapping[str, str] | None
    file: str | None = None
    function: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=Settings)
    test_inputs: str | Mapping[str, str] | None = None
    test_target: str | Mapping[str, str] | None = None
    ids: Sequence[str] = ()
    target_kind: str | Mapping[str, str] | None = None
    num_classes: int | Mapping[str, int] | None = field(default=None, compare=False)
    num_targets: int | Mapping[str, int] | None = field(default=None, compare=False)
    input_shape: Sequence[int] | None = field(default=None, compare=False)
    features: int | None = field(default=None, compare=False)
    channels: int | None = field(default=None, compare=False)
    length: int | None = field(default=None, compare=False)
    vocabulary: int | None = field(default=None, compare=False)
    ragged: bool = field(default=False, compare=False)
    split: Splitter = field(default_factory=Auto)
    prepare: Prepare = field(default_factory=StandardizeChannels)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in (*READ_BY, *TESTED_BY, "num_classes", "num_targets", "input_shape"):
            object.__setattr__(self, name, fixed(getattr(self, name)))

    @classmethod
    def found(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """The shapes and kinds of the arrays; a line tells of them."""
        settings = {name: given.get(name) for name in (*READ_BY, *TESTED_BY)}
        if any(map(_is_open, settings.values())):  # candidates differ in it
            return {}
        known = NamedArrays(settings)
        known.tell()
        _ = known.test  # no search should end at it
        answers = {**_outputs(known.told), **_shapes(known.development.inputs)}
        return {
            name: answer
            for name, answer in answers.items()
            if name in given and given[name] is None
        }

    @property
    def _arrays(self) -> NamedArrays:
        return NamedArrays(vars(self))

    @property
    def class_names(self) -> Any:
        """The classes, by their numbers; of several heads by name."""
        return alone({head: one.names for head, one in self._arrays.told.items()}) or ()

    def open_all(self) -> Source:
        """All rows but those of a test of their own."""
        return self._arrays.development

    def open_parts(self) -> tuple[Source, Source]:
        """As the arrays say it, or with rows set aside."""
        test = self._arrays.test
        return super().open_parts() if test is None else (self.open_all(), test)

    def counts(self, target: Tree) -> Sequence[int]:
        """How many development rows there are; of classes, how many of each."""
        if not is_classes(target):
            return super().counts(target)
        counts: list[int] = torch.bincount(target).tolist()
        return counts

    @classmethod
    def unlabelled(
        cls, settings: Mapping[str, Any], described: Mapping[str, Any], file: Path
    ) -> tuple[Sequence[str], Tree]:
        """The rows of a file that has arrays of the same names.

        Raises:
            ConfigError: if it has not.
        """
        known = {**settings, "file": str(file), "function": None, "target": None}
        inputs = NamedArrays(known).development.inputs
        return [str(row + 1) for row in range(number_of_rows(inputs))], inputs


def _is_open(value: Any) -> bool:
    """Whether a setting is one that candidates differ in."""
    if isinstance(value, Mapping):
        return any(name.startswith("_") or _is_open(one) for name, one in value.items())
    return isinstance(value, list) and any(map(_is_open, value))


def _outputs(told: Mapping[str, Told]) -> dict[str, Any]:
    """How many classes, labels and numbers there are, and which kind a target is."""
    classes = {head: one.outputs for head, one in told.items() if one.kind != "number"}
    numbers = {head: one.outputs for head, one in told.items() if one.kind in ("number", "labels")}
    found = {"num_classes": alone(classes), "num_targets": alone(numbers)}
    found["target_kind"] = alone({head: one.kind for head, one in told.items()})
    return {name: answer for name, answer in found.items() if answer}


def _shapes(inputs: Tree) -> dict[str, Any]:
    """What networks have to know of the rows, if there is one tensor."""
    if not isinstance(inputs, Tensor):
        return {}
    shape, kind = inputs.shape[1:], inputs.dtype
    found: dict[str, Any] = {"input_shape": list(shape)}
    if kind == torch.int64 and len(shape) == 1:
        found |= {"length": shape[0], "vocabulary": int(inputs.max()) + 1}
    elif len(shape) == 1:
        found["features"] = shape[0]
    elif len(shape) == 2:
        found |= {"channels": shape[0], "length": shape[1]}
    return found
