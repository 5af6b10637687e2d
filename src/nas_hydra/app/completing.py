"""What a config leaves to the data: numbers that suit its rows, metrics as they are named."""

import math
from collections.abc import Iterable, Mapping
from inspect import isclass
from typing import Any

from numpy.random import default_rng
from omegaconf import DictConfig, OmegaConf

from nas_hydra.app.settings import resolved
from nas_hydra.app.space import check_needs
from nas_hydra.config.component import build, locate
from nas_hydra.objective import spelled
from nas_hydra.search_space import SearchSpace

BATCH_SIZE, EPOCHS = "dataset.batch_size", "trainer.max_epochs"

SMALLEST, LARGEST = 16, 128
"""Rows per batch."""

LEAST_EPOCHS = 5
"""Also where nothing is known of the data."""

LEAST_STEPS = 180
"""Of the optimizer: with fewer, small networks are far from what they can learn."""


def complete(
    config: DictConfig, plain: Mapping[str, Any], builds: bool = True
) -> Mapping[str, Any]:
    """Fill in, in place, what is null because the data decides; who keeps the config keeps that.

    What the task takes for a target (``Task.takes``) and what a dataset finds out about its rows
    (``Dataset.found``) come first, and then what the task makes of that (``Task.found``). Rows per
    batch, and epochs that give so many steps at least, follow from the number of rows that are
    trained on.

    Args:
        config: composed, whose top level was checked.
        plain: the same, resolved.
        builds: whether networks are trained on the dataset, see ``Evaluator.builds``.

    Returns:
        The completed config, resolved.

    Raises:
        ConfigError: if the rows have to be looked at, and cannot be, or do not tell what the space
            refers to.
    """
    known = builds and "_target_" in plain["dataset"]
    if known:
        from nas_hydra.dataset.cache import doubt_datasets  # torch, which a table does without

        doubt_datasets()  # an earlier search of this process may have loaded what has changed since
        plain = filled(config, plain, _taken(plain))
        plain = filled(config, plain, _described(plain["dataset"]))
        plain = filled(config, plain, _asked(plain))
        check_needs(config)
    left = [key for key in (BATCH_SIZE, EPOCHS) if _is_left(plain, key)]
    if not left:
        return plain
    number = _training_rows(config, plain) if known else 0
    given, suiting = plain["dataset"].get("batch_size"), batch_size(number)
    taken = given if isinstance(given, int) and given > 0 else suiting
    chosen = {BATCH_SIZE: suiting, EPOCHS: epochs(number, taken)}
    return filled(config, plain, {key: chosen[key] for key in left})


def filled(
    config: DictConfig, plain: Mapping[str, Any], values: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The config with these values by key, resolved anew if there are any."""
    for key, value in values.items():
        OmegaConf.update(config, key, value, force_add=True)  # also within what had no such key
    return resolved(config) if values else plain


def with_spelled(
    config: DictConfig, plain: Mapping[str, Any], metrics: Iterable[str]
) -> Mapping[str, Any]:
    """The config, changed in place, with its objective's metrics named as they are measured.

    Raises:
        ConfigError: see ``spelled``.
    """
    found = spelled(plain["objective"], metrics)
    if found == plain["objective"]:
        return plain
    OmegaConf.update(config, "objective", found, merge=False)
    return resolved(config)


def _is_left(plain: Mapping[str, Any], key: str) -> bool:
    """Whether a key is there, and left to the data; epochs may be left to a number of steps."""
    part, _, name = key.partition(".")
    by_steps = key == EPOCHS and plain[part].get("max_steps") not in (None, -1)
    return name in plain[part] and plain[part][name] is None and not by_steps


def _taken(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """The kind of target that the task takes, if the dataset asks, and the task says it."""
    takes = getattr(_task_class(plain), "takes", None)
    if takes is None or "target_kind" not in plain["dataset"]:
        return {}
    return {"dataset.target_kind": takes} if plain["dataset"]["target_kind"] is None else {}


def _asked(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the task's class tells of those of its settings that are null, by key."""
    found = getattr(_task_class(plain), "found", None)
    told = (
        found(plain["task"], plain["dataset"]) if found and None in plain["task"].values() else {}
    )
    return {f"task.{name}": value for name, value in told.items()}


def _task_class(plain: Mapping[str, Any]) -> Any:
    """What makes the task; None of one that names nothing."""
    target = plain["task"].get("_target_")
    return None if target is None else locate(target, "task._target_")


def _described(dataset: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the dataset's class tells of those of its settings that are null, by key."""
    found = getattr(locate(dataset["_target_"], "dataset._target_"), "found", None)
    told = found(dataset) if found is not None and None in dataset.values() else {}
    return {f"dataset.{name}": value for name, value in told.items()}


def _training_rows(config: DictConfig, plain: Mapping[str, Any]) -> int:
    """How many rows a candidate trains on; where candidates differ in that, one of them.

    They are loaded for it, as they are to be anyway. Of data that is no dataset of ours, as a data
    module of Lightning's, nothing is known before it is set up for a training: 0.
    """
    from nas_hydra.dataset import Dataset

    draft = config.copy()
    if _is_left(plain, BATCH_SIZE):
        draft.dataset.batch_size = SMALLEST
    space = SearchSpace(draft)
    settings = space.close(space.sample(default_rng(0)))["dataset"]
    called = locate(settings["_target_"], "dataset._target_")
    if isclass(called) and not issubclass(called, Dataset):
        return 0
    dataset: Dataset = build(settings, "dataset", Dataset)
    return len(dataset.train)


def batch_size(rows: int) -> int:
    """The power of two next to the root of the number of rows, within bounds."""
    return min(max(1 << round(math.log2(max(rows, 1)) / 2), SMALLEST), LARGEST)


def epochs(rows: int, batch: int) -> int:
    """Enough for ``LEAST_STEPS``, and at least ``LEAST_EPOCHS``."""
    steps = -(-rows // batch)
    return max(LEAST_EPOCHS, -(-LEAST_STEPS // steps)) if steps else LEAST_EPOCHS
