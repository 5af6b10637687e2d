"""A small table of cells of NAS-Bench-201, and what one types to search it."""

import csv
from itertools import product
from pathlib import Path

EDGES = [f"edge_{edge}" for edge in ("0_1", "0_2", "1_2", "0_3", "1_3", "2_3")]
OPERATIONS = ["none", "skip_connect", "nor_conv_3x3"]
BEST = ("nor_conv_3x3", "none", "none", "none", "none", "skip_connect")
"""Its output is zero, as that of the cell of six times none, to which it is equivalent."""
SEARCH = (
    "evaluator=tabular",
    "evaluator.table=cells.csv",
    "evaluator.value=acc",
    "tracker=none",
    "report=false",
    "budget.trials=20",
    "hydra.run.dir=run",
)
CELLS = (
    "search_space=nasbench201",
    f"search_space.operations=[{','.join(OPERATIONS)}]",
    *SEARCH,
)


def write_cells(file: Path) -> None:
    """All cells of three operations; equivalent ones differ, and ``BEST`` is best."""
    with file.open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow([*EDGES, "acc", "test", "cost", "note"])
        for number, cell in enumerate(product(OPERATIONS, repeat=6)):
            accuracy = 99.5 if cell == BEST else number / 10
            cost = cell.count("nor_conv_3x3")
            table.writerow([*cell, accuracy, accuracy - 1, cost, "fine"])
