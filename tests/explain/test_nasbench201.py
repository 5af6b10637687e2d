"""Importances of a real benchmark, against those of all its 15,625 rows."""

import os
from pathlib import Path

import pandas
import pytest
from scipy.stats import spearmanr

from command import nas_hydra
from nas_hydra.explain import explain
from nas_hydra.strategy.surrogate import normal_scores

COLUMN = "cifar10_val_12"


@pytest.fixture
def table() -> Path:
    shared = Path(__file__).parents[2] / os.environ.get("NAS_HYDRA_SHARED", "../shared")
    file = shared / "data" / "nasbench201.csv.gz"
    if not file.is_file():
        pytest.skip(f"needs {file}; NAS_HYDRA_SHARED says where the folder is")
    return file


def truth(file: Path) -> dict[str, float]:
    """Variance of the mean score of each operation on an edge, as a share of all."""
    rows = pandas.read_csv(file)
    scores = pandas.Series(normal_scores(rows[COLUMN].to_numpy()))
    edges = [name for name in rows if name.startswith("edge_")]
    means = {edge: scores.groupby(rows[edge]).mean() for edge in edges}
    return {edge: float(mean.var(ddof=0) / scores.var(ddof=0)) for edge, mean in means.items()}


@pytest.mark.long
@pytest.mark.parametrize("strategy", ["random", "regularized_evolution"])
def test_200_trials_rank_the_edges_as_all_rows_do(monkeypatch, table, strategy):
    words = ("search_space=nasbench201", "evaluator=tabular", f"evaluator.table={table}")
    more = (f"evaluator.value={COLUMN}", "tracker=none", "report=false", "hydra.run.dir=run")
    trials = (f"strategy={strategy}", "budget.trials=200")
    assert nas_hydra(monkeypatch, *words, *more, *trials) == 0
    found = {one.genes[0]: one for one in explain(Path("run")).importances}
    known = truth(table)
    shares = [found[edge].share for edge in known]
    assert spearmanr(shares, list(known.values())).statistic >= 0.8
    inside = [found[edge].low <= share <= found[edge].high for edge, share in known.items()]
    assert sum(inside) >= 4
