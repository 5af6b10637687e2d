#!/bin/bash
# A table, from a csv file to answers in a csv file: how far diabetes has gone after a year.
#
#   examples/table.sh            a search of 30 trials
#   examples/table.sh --small    the same steps, in two minutes on 2 cores
#
# Needs nas-hydra[export]. The 442 patients come with scikit-learn (Efron et al. 2004). Run it again
# to go on after an interruption.
set -euo pipefail

run=${RUN:-outputs/table}
python -c 'import onnxruntime, onnxscript' || { echo "say first: pip install 'nas-hydra[export]'" >&2; exit 2; }
search=(budget.trials=30) final=(seeds=3)
if [ "${1:-}" = --small ]; then
    run=$run-small
    search=(budget.trials=6 trainer.max_epochs=5 tracker=none)
    final=(seeds=2)
fi

echo "== A file of patients, and one of new ones of whom nothing is told"
mkdir -p "$run"
python - "$run" <<'PYTHON'
import sys
from pathlib import Path

from sklearn.datasets import load_diabetes

folder, table = Path(sys.argv[1]), load_diabetes(as_frame=True, scaled=False).frame
table.iloc[10:].to_csv(folder / "patients.csv", index=False)
table.iloc[:10].drop(columns="target").to_csv(folder / "new.csv", index=False)
PYTHON

echo "== What is in it"
nas-hydra-new "$run/patients.csv"

echo "== Search among perceptrons with embeddings of numbers"
data=(dataset=table dataset.file="$run/patients.csv" dataset.target=target task=regression task.keep=best)
nas-hydra "${data[@]}" search_space=tab_mlp strategy=surrogate_evolution hydra.run.dir="$run/search" "${search[@]}"

echo "== Train the winner on all, beside gradient boosting and a linear model; test them once"
[ -e "$run/search/retrain/model.json" ] || nas-hydra-retrain run="$run/search" "${final[@]}"

echo "== Export it, and ask it about the new patients"
nas-hydra-export run="$run/search/retrain" format=onnx
nas-hydra-predict model="$run/search/retrain" "$run/new.csv" format=csv out="$run/answers.csv"
cat "$run/answers.csv"
