"""One network with two heads beside two networks: the class of a digit, and where it is.

The digits of scikit-learn are put somewhere on a larger canvas. A network is searched for each of
the two tasks alone, and then one with both heads, which may have half the parameters of the two
winners together.
"""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from task_runs import Scale, cell, searched, table

CANVAS = 16
"""Pixels on a side; a digit has 8."""
SPACE = ("search_space=multi_head", "search_space@search_space.trunk=conv_net")
TARGETS = {"digit": "test_digit_acc", "centre": "test_centre_rmse"}
"""Heads, and the metric of each: places are in per cent of the canvas's side."""
POINT = {"digit": 0.01, "centre": 1.0}
"""A point of each metric."""
BETTER = {"digit": 1, "centre": -1}


def write(folder: Path) -> Path:
    """The arrays, as a file."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    size = digits.images.shape[1]
    corners = np.random.default_rng(0).integers(0, CANVAS - size + 1, (len(digits.images), 2))
    canvas = np.zeros((len(digits.images), 1, CANVAS, CANVAS), np.float32)
    for image, digit, (row, column) in zip(canvas, digits.images, corners, strict=True):
        image[0, row : row + size, column : column + size] = digit / 16
    centres = 100 * (corners + (size - 1) / 2) / (CANVAS - 1)
    file = folder / "digits.npz"
    np.savez(file, x=canvas, digit=digits.target, centre=centres.astype(np.float32))
    return file


def measured(scale: Scale) -> dict[str, Any]:
    """The two networks, and the one with two heads."""
    with tempfile.TemporaryDirectory(prefix="nas-hydra-heads-") as name:
        data = ("dataset=tensors", f"dataset.file={write(Path(name))}", "task=multi_task", *SPACE)
        alone = {
            head: _winner([*data, f"dataset.target={{{head}:{head}}}"], scale) for head in TARGETS
        }
        half = sum(_params(one) for one in alone.values()) // 2
        limit = f"{{_target_:nas_hydra.constraint.MaxParams,limit:{half}}}"
        both = ",".join(f"{head}:{head}" for head in TARGETS)
        words = [*data, f"dataset.target={{{both}}}", f"+search_space.constraints=[{limit}]"]
        return {"alone": alone, "together": _winner(words, scale), "limit": half}


def _winner(words: list[str], scale: Scale) -> dict[str, Any]:
    """What the winner of a search comes to, by metric."""
    with tempfile.TemporaryDirectory(prefix="nas-hydra-heads-") as name:
        more = ("random=false", "references=false", "baseline=none")
        found = searched(words, scale, Path(name), more)
    winner = next(one for one in found.pop("networks") if one["role"] == "winner")
    known = {metric: winner["metrics"].get(metric) for metric in (*TARGETS.values(), "params")}
    return {**found, "metrics": known}


def _params(one: Mapping[str, Any]) -> int:
    return int(one["metrics"]["params"]["mean"])


def lost(found: Mapping[str, Any]) -> dict[str, float]:
    """By how many points the network with two heads is worse than the one for a task alone."""
    together, alone = found["together"]["metrics"], found["alone"]
    return {
        head: BETTER[head]
        * (alone[head]["metrics"][metric]["mean"] - together[metric]["mean"])
        / POINT[head]
        for head, metric in TARGETS.items()
    }


def reached(found: Mapping[str, Any]) -> bool:
    """Whether at most a point is lost on each, at half the parameters."""
    few = _params(found["together"]) <= sum(map(_params, found["alone"].values())) / 2
    return few and all(points <= 1 for points in lost(found).values())


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The results in Markdown."""
    alone, together = found["alone"], found["together"]
    points = " and ".join(f"{max(one, 0):.2f} on the {head}" for head, one in lost(found).items())
    share = _params(together) / sum(map(_params, alone.values()))
    trials, seeds = together["trials"], together["seeds"]
    yield "## One network with two heads"
    yield ""
    yield "Digits on a canvas of 16 x 16: their class, and their centre in per cent of its side."
    yield f"Each network is the winner of a search of {trials} trials, trained over {seeds} seeds."
    yield f"The one with two heads loses {points} (points), and has"
    yield f"{share:.2f} of the parameters of the two others together; at most 1 point on each at"
    yield f"0.5 is the goal: {'reached' if reached(found) else '**not reached**'}."
    yield ""
    rows = [(f"{head} alone", *_cells(one)) for head, one in alone.items()]
    head = ("network", "accuracy of the digit", "RMSE of the centre", "parameters")
    yield from table(head, [*rows, ("both", *_cells(together))])


def _cells(one: Mapping[str, Any]) -> tuple[str, ...]:
    known = one["metrics"]
    return (*(cell(known[metric]) for metric in TARGETS.values()), f"{_params(one):,}")
