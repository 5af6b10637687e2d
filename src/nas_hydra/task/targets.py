"""The targets of data, all rows of a split at once, looked at before anything is trained."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from nas_hydra.dataset import Data, ImageDataset, Tree
from nas_hydra.dataset.tree import form_of, is_classes, joined
from nas_hydra.errors import ConfigError, listing, nearest

SPLITS: Mapping[str, str] = {"train": "training", "valid": "validation", "test": "test"}
"""What a dataset of ours calls its splits, and what messages call them."""
BY_TARGET = ("num_classes", "num_targets", "class_names", "target_kind")
"""What data with several targets says of each by its name."""


class TargetOf:
    """Data of which one head is to tell one of several named targets.

    What the data says of all targets by their names, it says of this one: ``num_classes``.

    Args:
        data: with a mapping for its target.
        name: of the one.
    """

    def __init__(self, data: Data, name: str) -> None:
        self.data, self.name = data, name

    def __getattr__(self, key: str) -> Any:
        """What the data has, of this target alone."""
        if key.startswith("__") or key in SPLITS:
            raise AttributeError(key)
        if key in ("target", "target_names"):
            named = getattr(self.data, key, None)
            return named.get(self.name) if isinstance(named, Mapping) else self.name
        found = getattr(self.data, key)
        return found.get(self.name) if key in BY_TARGET and isinstance(found, Mapping) else found

    def picked(self, target: Tree) -> Tree:
        """This target of all; of data with a single one, that.

        Raises:
            ConfigError: if there are others by name.
        """
        if not isinstance(target, Mapping):
            return target
        if self.name not in target:
            problem = f"has no target '{self.name}', which a head is to tell; there are"
            raise ConfigError("dataset", f"{problem} {listing(target)}{nearest(self.name, target)}")
        return target[self.name]


def held(data: Data) -> dict[str, Tree]:
    """The targets of every split that is at hand, by its name: ``training``, ``validation``.

    Empty of data that does not hold its rows.
    """
    if isinstance(data, TargetOf):
        return {name: data.picked(target) for name, target in held(data.data).items()}
    splits: dict[str, Any] = {name: getattr(data, key, None) for key, name in SPLITS.items()}
    return {name: split.target for name, split in splits.items() if hasattr(split, "target")}


def targets(data: Data) -> dict[str, Tree]:
    """As ``held``; of data that does not hold its rows, those of a pass over the training split."""
    if isinstance(data, TargetOf):
        return {name: data.picked(target) for name, target in targets(data.data).items()}
    known: Any = data  # whoever makes it, it is known by what it is
    return held(data) or {"training": _passed(known)}


@lru_cache(maxsize=8)
def _passed(data: Any) -> Tree:
    """The targets of somebody's own batches; asked once, since it may take as long as an epoch."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return joined([target for _, target in data.train_batches(0)])


def check_classes(data: Data, number: int) -> None:
    """Make sure that the targets at hand are labels of so many classes.

    Raises:
        ConfigError: if they are not.
    """
    if isinstance(data, ImageDataset):  # which looks at them itself, and not before it has to
        return
    wanted = f"labels are int64 (N,), from 0 to {number - 1}"
    for name, target in held(data).items():
        if not is_classes(target):
            raise ConfigError("dataset", f"has {name} targets {form_of(target)}; {wanted}")
        low, high = (int(end) for end in torch.aminmax(target))
        if low < 0 or high >= number:
            raise ConfigError("dataset", f"has {name} targets from {low} to {high}; {wanted}")


def numbers_of(data: Data) -> dict[str, Tensor]:
    """The targets of every split as float32 (N, T), one column for each number to be told.

    Raises:
        ConfigError: if they are no numbers, or some are not finite; names the first.
    """
    found = {}
    for name, target in targets(data).items():
        if not isinstance(target, Tensor) or target.ndim not in (1, 2) or target.is_complex():
            problem = f"has {name} targets {form_of(target)}; numbers are float32 (N,) or (N, T)"
            raise ConfigError("dataset", problem)
        column = columns(target)
        if not (finite := column.isfinite().all(dim=1)).all():
            first = int((~finite).nonzero()[0])
            raise ConfigError(
                "dataset",
                f"has {name} targets that are no finite numbers: {int((~finite).sum()):,} of"
                f" {len(column):,}, the first in row {first} ({column[first].tolist()}); leave"
                " these rows out",
            )
        found[name] = column
    return found


def columns(target: Tensor) -> Tensor:
    """Numbers (N,) or (N, T) as float32 (N, T)."""
    return (target[:, None] if target.ndim == 1 else target).float()


def names_of(data: Data, number: int, word: str) -> list[str]:
    """What so many targets are called: as the data says, or else by their number.

    Args:
        data: has ``target_names``, or ``target`` as it stands in its config, or neither.
        number: of targets.
        word: what one without a name is called.
    """
    for known in (getattr(data, "target_names", None), getattr(data, "target", None)):
        named = [known] if isinstance(known, str) else known
        if isinstance(named, Sequence) and len(named) == number:
            return [str(name) for name in named]
    return [word] if number == 1 else [f"{word} {place}" for place in range(number)]
