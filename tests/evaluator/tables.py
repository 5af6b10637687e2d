"""Small tables, and evaluators that look candidates up in them."""

import csv
import gzip
import io
from pathlib import Path

from omegaconf import OmegaConf

from nas_hydra.evaluator.tabular import TabularEvaluator
from nas_hydra.objective import Objective, Objectives
from nas_hydra.search_space import Hooks, SearchSpace

WEIGHTS = Path("nowhere")
ACC = Objectives((Objective("acc", "maximize"),))
SIMPLE = {"op": {"_choice_": ["conv", "pool"], "_name_": "op"}}
TWO = {**SIMPLE, "width": {"_int_": {"low": 1, "high": 3}, "_name_": "width"}}
MIXED = {
    "act": {"_choice_": ["relu", None, True, 3, 2.5, [1, 2]], "_name_": "act"},
    "rate": {"_float_": {"low": 0.1, "high": 0.3, "step": 0.1}, "_name_": "rate"},
    "pool": {"_choice_": {"no": 0, "yes": {"_int_": {"low": 2, "high": 3}, "_name_": "size"}}},
    "blocks": [
        {
            "_repeat_": {"_int_": {"low": 0, "high": 2}, "_name_": "depth"},
            "_block_": {"_choice_": ["a", "b"], "_name_": "kind"},
        }
    ],
}
"""Labels of every type, a grid, an option with a gene of its own, a repeat: 216 and more rows."""


def space_of(model: dict, hooks: Hooks | None = None, **more) -> SearchSpace:
    config = OmegaConf.create({"search_space": {"model": model, **more}})
    return SearchSpace(config, {"model": ("search_space", "model")}, hooks or Hooks())


def write(file: Path, rows: list[dict]) -> str:
    """A csv with a column for every name; None is an empty cell."""
    with io.StringIO() as stream:
        table = csv.DictWriter(stream, dict.fromkeys(name for row in rows for name in row))
        table.writeheader()
        table.writerows(rows)
        content = stream.getvalue().encode()
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    return str(file)


def evaluator(
    table: str, space: SearchSpace | None = None, value="acc", report=(), missing="error"
) -> TabularEvaluator:
    made = TabularEvaluator(table, value, list(report), missing)
    made.prepare(space or space_of(SIMPLE))
    return made


def grid() -> list[dict]:
    """A complete table of ``TWO``, the best row in the middle."""
    return [
        {"op": op, "width": width, "acc": accuracy, "cost": 10.0 * width}
        for (op, width), accuracy in {
            ("conv", 1): 0.5,
            ("conv", 2): 0.9,
            ("conv", 3): 0.7,
            ("pool", 1): 0.8,
            ("pool", 2): 0.1,
            ("pool", 3): 0.2,
        }.items()
    ]


def found(evaluator: TabularEvaluator, **decisions) -> dict[str, float]:
    return dict(evaluator.evaluate(decisions, 0, WEIGHTS).metrics)
