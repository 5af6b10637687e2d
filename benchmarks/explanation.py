"""How well importances agree with the truth: ``python benchmarks/explanation.py [SEEDS]``.

Searches NAS-Bench-201 (Dong and Yang 2020) with three strategies, 200 trials and 10 seeds each, and
compares what each record says of the six decisions with all 15,625 rows: PED-ANOVA and fANOVA, as
Optuna reckons them from the trials themselves, and ``nas-hydra-explain``. Prints a table and writes
results/explanation.md. NAS_HYDRA_SHARED says where the folder with the table is.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import optuna
import pandas
from optuna.importance import (
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.trial import create_trial
from scipy.stats import spearmanr

from nas_hydra.app.finished import ExplainedSearch, open_explained
from nas_hydra.explain.importance import axes, importances, sample
from nas_hydra.explain.metamodel import MetaModel
from nas_hydra.explain.result import Importance
from nas_hydra.search_space.gene import distribution
from nas_hydra.strategy.surrogate import normal_scores

ROOT = Path(__file__).parents[1]
TABLE = (
    ROOT / os.environ.get("NAS_HYDRA_SHARED", "../shared") / "data/nasbench201.csv.gz"
).resolve()
RUNS = ROOT / "outputs" / "benchmarks" / "explanation"
RESULTS = ROOT / "benchmarks" / "results" / "explanation.md"
COLUMN = "cifar10_val_12"
STRATEGIES = ("random", "regularized_evolution", "surrogate_evolution")
TRIALS = 200

Shares = Mapping[str, float]


def truth() -> dict[str, float]:
    """Each decision's share of the variance of the scores of all rows."""
    rows = pandas.read_csv(TABLE)
    scores = pandas.Series(normal_scores(rows[COLUMN].to_numpy()))
    edges = [name for name in rows if name.startswith("edge_")]
    variance = {edge: scores.groupby(rows[edge]).mean().var(ddof=0) for edge in edges}
    return {edge: float(one / scores.var(ddof=0)) for edge, one in variance.items()}


def search(seeds: int) -> None:
    """Make the runs; those that are there are only looked at."""
    words = ("search_space=nasbench201", "evaluator=tabular", f"evaluator.table={TABLE}")
    quiet = ("tracker=none", "report=false", "~hydra.callbacks.comparison")
    sweep = (f"strategy={','.join(STRATEGIES)}", f"seed=range({seeds})", f"hydra.sweep.dir={RUNS}")
    more = (f"evaluator.value={COLUMN}", f"budget.trials={TRIALS}")
    command = [sys.executable, "-c", "from nas_hydra.cli import main; main()", "-m"]
    subprocess.run([*command, *words, *more, *quiet, *sweep], check=True, stdout=subprocess.DEVNULL)


def of_trials(searched: ExplainedSearch) -> Shares:
    """PED-ANOVA (Watanabe et al. 2023) of the best tenth."""
    evaluator = PedAnovaImportanceEvaluator(target_quantile=0.1)
    return get_param_importances(study_of(searched), evaluator=evaluator)


def of_forest(searched: ExplainedSearch) -> Shares:
    """fANOVA (Hutter et al. 2014) of a forest on the trials."""
    return get_param_importances(study_of(searched), evaluator=FanovaImportanceEvaluator(seed=0))


def study_of(searched: ExplainedSearch) -> optuna.Study:
    """The trials as an Optuna study in memory."""
    (objective,) = searched.past.objectives
    distributions = {gene.name: distribution(gene) for gene in searched.space.genes}
    study = optuna.create_study(direction=objective.direction)
    study.add_trials(
        create_trial(
            value=trial.values[objective.name],
            params=dict(trial.proposal.genotype),
            distributions={name: distributions[name] for name in trial.proposal.genotype},
        )
        for trial in searched.trials
    )
    return study


def of_space(searched: ExplainedSearch) -> list[Importance]:
    """What ``nas-hydra-explain`` says."""
    surrogate, drawn = MetaModel(searched), sample(searched.space)
    draws = surrogate.draws(surrogate.describe(drawn))
    return importances(axes(searched.space.genes, drawn), draws)


def agreement(shares: Shares, known: Shares) -> float:
    """Spearman's rank correlation."""
    return float(spearmanr([shares.get(name, 0.0) for name in known], [*known.values()]).statistic)


def row(strategy: str, known: Shares) -> str:
    """One strategy's line."""
    runs = [open_explained(folder) for folder in sorted(RUNS.glob(f"*-{strategy}-*"))]
    told: dict[str, Callable[[ExplainedSearch], Shares]] = {"ped": of_trials, "forest": of_forest}
    others = [spread([agreement(of(run), known) for run in runs]) for of in told.values()]
    ours = [{one.genes[0]: one for one in of_space(run)} for run in runs]
    orders = [agreement({n: one.share for n, one in found.items()}, known) for found in ours]
    inside = [f[name].low <= share <= f[name].high for f in ours for name, share in known.items()]
    cells = [strategy, str(len(runs)), *others, spread(orders), f"{np.mean(inside):.0%}"]
    return f"| {' | '.join(cells)} |"


def spread(found: Sequence[float]) -> str:
    """Mean and least."""
    return f"{np.mean(found):.2f} ({min(found):.2f})"


def main() -> None:
    """Measure and write."""
    search(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    known = truth()
    shares = ", ".join(f"{name} {share:.1%}" for name, share in known.items())
    head = "| strategy | runs | PED-ANOVA | fANOVA of the trials | nas-hydra-explain | inside |"
    lines = [
        f"NAS-Bench-201, {COLUMN}, {TRIALS} trials. Spearman's rank correlation of the importances",
        "of the six decisions with those from all 15,625 rows: mean over seeds (and least).",
        "*Inside*: how often the 95 % interval holds the true share.",
        "",
        head,
        "|---|---|---|---|---|---|",
        *(row(strategy, known) for strategy in STRATEGIES),
        "",
        f"True shares: {shares}.",
    ]
    print("\n".join(lines))
    RESULTS.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
