"""A search of a space whose truth is known: what it is made of, and how it is run."""

import csv
from itertools import product
from pathlib import Path

import numpy
import pytest

from command import nas_hydra

SPACE = """\
model:
  _target_: torch.nn.Identity
  strong: {_choice_: [a, b, c, d], _name_: strong}
  weak: {_int_: {low: 1, high: 4}, _name_: weak}
  left: {_choice_: [x, y, z], _name_: left}
  right: {_choice_: [x, y, z], _name_: right}
  idle: {_choice_: [1, 2, 3], _name_: idle}
"""
GENES = {"strong": "abcd", "weak": range(1, 5), "left": "xyz", "right": "xyz", "idle": range(1, 4)}
WORTH = {"a": 0.0, "b": 4.0, "c": 6.0, "d": 3.0}
BEST = {"strong": "c", "weak": 4}
"""The decisions of the best candidates, beside ``left`` and ``right`` that are equal."""


def truth(strong: str, weak: int, left: str, right: str, idle: int) -> float:
    """Two main effects, and one of two decisions that is an interaction alone; ``idle`` is idle."""
    return 50 + 2 * WORTH[strong] + 1.5 * weak + 6 * (left == right)


def search(monkeypatch: pytest.MonkeyPatch, *overrides: str, noise: float = 0.3) -> Path:
    """Search the space in the present folder; the run's folder."""
    Path("conf/search_space").mkdir(parents=True)
    Path("conf/search_space/known.yaml").write_text(SPACE)
    rng = numpy.random.default_rng(0)
    with Path("known.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow([*GENES, "acc", "loss"])
        for row in product(*GENES.values()):
            value = truth(*row) + noise * rng.standard_normal()
            table.writerow([*row, value, 100 - value])
    words = ("search_space=known", "evaluator=tabular", "evaluator.table=known.csv")
    more = ("evaluator.value=acc", "tracker=none", "report=false", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, "--config-dir", "conf", *words, *more, *overrides) == 0
    return Path("run")
