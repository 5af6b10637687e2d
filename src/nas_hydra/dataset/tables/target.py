"""What is to be told of the rows of a table: classes, numbers or labels, or several of these."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from nas_hydra.dataset.tables.columns import as_numbers, examples_of, finite, in_text, is_number
from nas_hydra.dataset.tables.frame import Notes, check_columns
from nas_hydra.dataset.target_kind import FEW, are_classes, is_whole
from nas_hydra.dataset.tree import Tree
from nas_hydra.errors import ConfigError, listing

Kind = Literal["class", "number", "labels"]
KEY, KIND = "dataset.target", "dataset.target_kind"

MOST_CLASSES = 0.5
"""More different values than this share of the rows are no classes."""
SHOWN = 12
UNEQUAL = 10
"""By how much the most frequent class may outweigh the rarest before it is worth a word."""

Series: TypeAlias = "pd.Series[Any]"
Labels: TypeAlias = NDArray[np.int64]


class Head(BaseModel):
    """One of the things to be told.

    Args:
        name: of it; empty if it is the only one.
        columns: that hold it: one of classes, any number of numbers and labels.
        kind: what it is.
        classes: their names, by label.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    columns: tuple[str, ...]
    kind: Kind
    classes: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """How many numbers a network gives for it."""
        return len(self.classes) or len(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """What these numbers are called."""
        return self.classes or self.columns

    def tensor(self, frame: pd.DataFrame, key: str) -> Tensor:
        """Labels, int64 (N,); numbers, float32 (N,) or (N, T); or labels of 0 and 1 (N, T).

        Raises:
            ConfigError: of a key, with the first row that is none.
        """
        if self.kind == "class":
            return torch.from_numpy(self._labels(frame[self.columns[0]], key))
        read = _flags if self.kind == "labels" else as_numbers
        numbers = np.stack([read(frame[name], key) for name in self.columns], 1)
        found = torch.from_numpy(numbers.astype(np.float32))
        return found[:, 0] if self.kind == "number" and len(self.columns) == 1 else found

    def _labels(self, given: Series, key: str) -> Labels:
        places, uniques = pd.factorize(given)
        known = {name: label for label, name in enumerate(self.classes)}
        labels: Labels = np.array([known.get(name, -1) for name in in_text(uniques)], np.int64)[
            places
        ]
        wrong = np.flatnonzero(labels < 0)
        if len(wrong):
            told = examples_of(given, wrong)
            problem = f"has a class of '{given.name}' that training lacks: {told}"
            raise ConfigError(key, f"{problem}. Known are {listing(self.classes)}")
        return labels


def heads_of(frame: pd.DataFrame, target: Any, kind: Any, notes: Notes) -> tuple[Head, ...]:
    """What is to be told, as settings and the columns say it.

    Args:
        frame: the rows of which all have it.
        target: a column, a list of them, or a mapping name -> one of these; None: nothing.
        kind: of it; a mapping name -> kind if there are several; None: as it looks.
        notes: of what is guessed.

    Raises:
        ConfigError: if there are no such columns, or they are not of this kind.
    """
    parts = columns_of(target, kind)
    kinds = kind if isinstance(kind, Mapping) else dict.fromkeys(parts, kind)
    for one in kinds.values():
        if one not in (None, *get_args(Kind)):
            allowed = f"allowed: {listing(get_args(Kind))}, or a mapping of names to these"
            raise ConfigError(KIND, f"is {one!r}; {allowed}")
    return tuple(_head(frame, name, part, kinds[name], notes) for name, part in parts.items())


def columns_of(target: Any, kind: Any) -> dict[str, tuple[str, ...]]:
    """The columns of each thing to be told, by its name; of one alone the name is empty.

    Raises:
        ConfigError: if that is not said.
    """
    if target is None and kind is None:
        return {}
    if isinstance(target, Mapping):
        parts = {str(name): _listed(one) for name, one in target.items()}
    elif isinstance(kind, Mapping) or (kind is None and len(_listed(target)) > 1):
        parts = {name: (name,) for name in _listed(target)}
    else:
        parts = {"": _listed(target)}
    if not parts or not all(parts.values()):
        raise ConfigError(KEY, "names no column; say dataset.target=COLUMN")
    if isinstance(kind, Mapping) and kind.keys() != parts.keys():
        problem = f"is said of {listing(kind)}, and dataset.target has {listing(parts)}"
        raise ConfigError(KIND, problem)
    return parts


def _listed(given: Any) -> tuple[str, ...]:
    if isinstance(given, list | tuple):
        return tuple(map(str, given))
    return () if given is None else (str(given),)


def _head(
    frame: pd.DataFrame, name: str, columns: tuple[str, ...], kind: Any, notes: Notes
) -> Head:
    """One of the things to be told, looked at."""
    check_columns(KEY, [*columns], [*frame.columns])
    taken: Kind = _recognised(frame, columns, notes) if kind is None else kind
    if taken != "class":
        if taken == "number":
            _tell_numbers(frame, columns, notes)
        return Head(name=name, columns=columns, kind=taken)
    if len(columns) > 1:
        problem = f"has {len(columns)} columns, and classes are told of one"
        raise ConfigError(KEY, f"{problem}; say task=multi_task, task=multi_label or one of them")
    given = frame[columns[0]]
    head = Head(name=name, columns=columns, kind=taken, classes=_classes(given))
    _tell_classes(head, given, notes)
    return head


def _recognised(frame: pd.DataFrame, columns: Sequence[str], notes: Notes) -> Kind:
    """What columns look like; a line tells of it."""
    kind: Kind = "class" if _looks_like_classes(frame[columns[0]]) else "number"
    if len(columns) > 1:
        flags = all(set(in_text(frame[name].unique())) <= {*FLAGS} for name in columns)
        kind = "labels" if flags else "number"
    named = {"class": "classes", "number": "numbers", "labels": "labels of 0 and 1"}[kind]
    taken = f"{'is' if len(columns) == 1 else 'are'} taken for {named}"
    notes.info(f"{listing(columns)} {taken} (dataset.target_kind says something else)")
    return kind


def _looks_like_classes(given: Series) -> bool:
    if not is_number(given):
        return bool(np.isnan(as_numbers(given)).any())
    return are_classes(given.unique())


def _classes(given: Series) -> tuple[str, ...]:
    """The names of classes, in the order of numbers or of the alphabet."""
    uniques = [*given.unique()]
    numeric = is_number(given)
    named = dict.fromkeys(in_text(sorted(uniques) if numeric else uniques))
    names = [*named] if numeric else sorted(named)
    if len(names) < 2:
        problem = f"is '{given.name}', which has one class only ({listing(names)})"
        raise ConfigError(KEY, f"{problem}; of one class, nothing can be told apart")
    whole = not numeric or is_whole(given)
    if len(names) > max(FEW, MOST_CLASSES * len(given)) or (not whole and len(names) > FEW):
        kind = "numbers" if numeric else "texts"
        hint = "say task=regression to tell numbers" if numeric else "another column is needed"
        problem = f"is '{given.name}', which has {len(names):,} different {kind} in"
        raise ConfigError(KEY, f"{problem} {len(given):,} rows, and these are no classes; {hint}")
    return tuple(names)


FLAGS = {"0": 0.0, "1": 1.0, "False": 0.0, "True": 1.0}


def _flags(given: Series, key: str) -> NDArray[np.float64]:
    """(N,), 0 or 1."""
    places, uniques = pd.factorize(given)
    flags: NDArray[np.float64] = np.array([FLAGS.get(one, np.nan) for one in in_text(uniques)])[
        places
    ]
    wrong = np.flatnonzero(np.isnan(flags))
    if len(wrong):
        problem = f"needs labels of 0 and 1 in the column '{given.name}'"
        raise ConfigError(key, f"{problem}, and {examples_of(given, wrong)}")
    return flags


def known_rows(frame: pd.DataFrame, columns: Sequence[str], key: str) -> pd.DataFrame:
    """Those rows of which something is to be told; a line tells of the others.

    Raises:
        ConfigError: if there are none.
    """
    there = frame[[*columns]].notna().all(axis=1).to_numpy()
    for name in columns:
        if is_number(frame[name]):
            there = there & ~np.isnan(finite(as_numbers(frame[name])))
    if not there.any():
        raise ConfigError(key, f"has no row with a value of {listing(columns)}")
    return frame if there.all() else frame[there]


def _tell_numbers(frame: pd.DataFrame, columns: Sequence[str], notes: Notes) -> None:
    """Note from where to where numbers go.

    Raises:
        ConfigError: if one is a text, or they are all the same.
    """
    for name in columns:
        numbers = as_numbers(frame[name], KEY)
        low, high = numbers.min(), numbers.max()
        if low == high:
            raise ConfigError(KEY, f"is '{name}', which is {low:.6g} in every row")
        notes.info(f"'{name}' has numbers from {low:.6g} to {high:.6g}")


def _tell_classes(head: Head, given: Series, notes: Notes) -> None:
    """Note how many rows each class has, and whether they are far from equal."""
    counts = given.value_counts()
    named = {name: int(count) for name, count in zip(in_text(counts.index), counts, strict=True)}
    told = ", ".join(f"'{name}' {named[name]:,}" for name in head.classes[:SHOWN])
    more = f" and {len(head.classes) - SHOWN} more" * (len(head.classes) > SHOWN)
    notes.info(f"'{given.name}' has {len(head.classes)} classes: {told}{more}")
    most, least = max(named.values()), min(named.values())
    if most > UNEQUAL * least:
        notes.warning(
            f"the classes of '{given.name}' are unequal: the most frequent has"
            f" {most / least:.3g} times the rows of the rarest, of which the accuracy says little"
        )


def targets(heads: Sequence[Head], frame: pd.DataFrame, key: str) -> Tree:
    """What is to be told of rows: a tensor, or one by name if there are several.

    Of nothing, it is (N, 0).
    """
    if not heads:
        return torch.zeros(len(frame), 0)
    found = {head.name: head.tensor(frame, key) for head in heads}
    return found[""] if [*found] == [""] else found
