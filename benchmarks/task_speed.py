"""Seconds per trial by index, beside the usual DataLoader: of tables, series and token ids.

The same network is trained on the same rows, for the same epochs and batches: by the project's
evaluator, and by Lightning's Trainer as it comes with a ``DataLoader``, in this process (where it
is faster, that has two processes which load). They take turns, so that a drift of the machine
meets both; a first trial of each is not counted.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from table import machine
from task_runs import Scale, table
from torch.utils.data import DataLoader, TensorDataset
from training import Usual, evaluator, lightning

from nas_hydra.app.completing import complete
from nas_hydra.app.settings import resolved
from nas_hydra.compose import composed
from nas_hydra.config.component import build

BATCH, EPOCHS, CLASSES, LEAST = 128, 3, 4, 2.0
REPETITIONS = 5
LOADERS = (0, 2)
PARTS = ("dataset", "task", "trainer", "optimizer", "scheduler")
LINEAR, RELU = "torch.nn.Linear", {"_target_": "torch.nn.ReLU"}


def _linear(inputs: int, outputs: int) -> dict[str, Any]:
    return {"_target_": LINEAR, "in_features": inputs, "out_features": outputs}


@dataclass(frozen=True)
class Kind:
    """Rows of a kind, and a network for them.

    Args:
        name: in words.
        shape: of a row.
        layers: of the network, as a config says them.
        vocabulary: of token ids; 0 of numbers.
    """

    name: str
    shape: tuple[int, ...]
    layers: Sequence[Mapping[str, Any]]
    vocabulary: int = 0

    def arrays(self, rows: int) -> tuple[Any, Any]:
        """Inputs, and classes of them, drawn."""
        rng = np.random.default_rng(0)
        shape, targets = (rows, *self.shape), rng.integers(0, CLASSES, rows)
        if self.vocabulary:
            return rng.integers(0, self.vocabulary, shape), targets
        return rng.standard_normal(shape, np.float32), targets

    @property
    def model(self) -> dict[str, Any]:
        """The network."""
        return {"_target_": "torch.nn.Sequential", "_args_": [*self.layers]}


KINDS = (
    Kind("a table, 20 columns", (20,), [_linear(20, 64), RELU, _linear(64, CLASSES)]),
    Kind(
        "series, 3 x 100",
        (3, 100),
        [
            {"_target_": "torch.nn.Conv1d", "in_channels": 3, "out_channels": 16, "kernel_size": 7},
            RELU,
            {"_target_": "torch.nn.AdaptiveAvgPool1d", "output_size": 1},
            {"_target_": "torch.nn.Flatten"},
            _linear(16, CLASSES),
        ],
    ),
    Kind(
        "token ids, 64",
        (64,),
        [
            {"_target_": "torch.nn.EmbeddingBag", "num_embeddings": 2000, "embedding_dim": 32},
            _linear(32, CLASSES),
        ],
        vocabulary=2000,
    ),
)


def usual(kind: Kind, loaders: int, train: Any, valid: Any, folder: str) -> float:
    """Seconds of a trial with a ``DataLoader``, which has so many processes."""
    begin = perf_counter()
    loader = partial(DataLoader, batch_size=BATCH, num_workers=loaders)
    trainer = pl.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    trainer.fit(Usual(build(kind.model, "model")), loader(train, shuffle=True), loader(valid))
    return perf_counter() - begin


def by_index(kind: Kind, rows: int, folder: Path) -> Callable[[], float]:
    """Seconds of a trial of the project's, whose data is loaded before."""
    inputs, targets = kind.arrays(rows)
    np.savez(folder / "rows.npz", x=inputs, y=targets)
    words = [
        *("dataset=tensors", f"dataset.file={folder / 'rows.npz'}", f"dataset.batch_size={BATCH}"),
        *(f"trainer.max_epochs={EPOCHS}", "optimizer=sgd", "scheduler=none"),
        *(["dataset.ids=[x]"] if kind.vocabulary else []),
    ]
    with composed(words) as config:
        plain = complete(config, resolved(config))
        closed = {"model": kind.model} | {part: plain[part] for part in PARTS}
        trains = evaluator(config)
    trains.check(closed)
    return partial(lightning, trains, closed, folder / "weights")


def measured(scale: Scale, rows: int = 20_000, repetitions: int = REPETITIONS) -> dict[str, Any]:
    """Seconds of each repetition, by kind and way.

    Args:
        scale: is of searches, of which this has none.
        rows: of which 64 % are trained on, and 16 % validated.
        repetitions: that are counted.
    """
    kinds = {kind.name: _seconds(kind, rows, repetitions) for kind in KINDS}
    return {"rows": rows, "machine": machine(), "kinds": kinds}


def _seconds(kind: Kind, rows: int, repetitions: int) -> dict[str, list[float]]:
    with tempfile.TemporaryDirectory(prefix="nas-hydra-speed-") as folder:
        inputs, targets = map(torch.from_numpy, kind.arrays(rows))
        first, second = round(0.64 * rows), round(0.8 * rows)
        train = TensorDataset(inputs[:first], targets[:first])
        valid = TensorDataset(inputs[first:second], targets[first:second])
        ways = {"by index": by_index(kind, rows, Path(folder))} | {
            f"DataLoader, {loaders} processes": partial(usual, kind, loaders, train, valid, folder)
            for loaders in LOADERS
        }
        turns = [{name: way() for name, way in ways.items()} for _ in range(repetitions + 1)]
    return {name: [turn[name] for turn in turns[1:]] for name in ways}


def times(seconds: Mapping[str, Sequence[float]]) -> float:
    """How many times as fast as the better of the usual ways rows by index are."""
    ours, *others = seconds.values()
    better = min(others, key=median)
    return median(other / own for other, own in zip(better, ours, strict=True))


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The results in Markdown."""
    yield "## Rows by index, beside a DataLoader"
    yield ""
    yield f"Seconds per trial of {EPOCHS} epochs on {found['rows']:,} rows, 64 % of which are"
    yield f"trained on and 16 % validated, by batches of {BATCH}; medians, with the least and the"
    yield f"most. The goal is {LEAST:g} times the speed of the better of the usual ways. Measured"
    yield f"on {found['machine']}."
    yield ""
    names = [*next(iter(found["kinds"].values()))]
    rows = [
        (name, *map(_spread, seconds.values()), f"{times(seconds):.1f}", _met(times(seconds)))
        for name, seconds in found["kinds"].items()
    ]
    yield from table(("rows", *names, "times", "reached"), rows)


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def _met(ratio: float) -> str:
    return "yes" if ratio >= LEAST else "**no**"
