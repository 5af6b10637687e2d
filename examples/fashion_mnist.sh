#!/bin/bash
# Fashion-MNIST, from a search to a model in use.
#
#   examples/fashion_mnist.sh            a little over an hour on 2 cores
#   examples/fashion_mnist.sh --small    the same steps, in three minutes
#
# Needs nas-hydra[export], and the images: on Debian, apt install dataset-fashion-mnist; elsewhere
# they are downloaded. Run it again to go on after an interruption.
set -euo pipefail

run=${RUN:-outputs/fashion_mnist}
python -c 'import onnxruntime, onnxscript' || { echo "say first: pip install 'nas-hydra[export]'" >&2; exit 2; }
root=${ROOT:-/usr/share/datasets/fashion-mnist}
[ -d "$root" ] || root=data

search=(budget.trials=40 dataset.limit=20000 trainer.max_epochs=3 optimizer=sgd)
final=(trainer.max_epochs=16 dataset.limit=null seeds=2)
if [ "${1:-}" = --small ]; then
    run=$run-small
    # So few images that the learning rate matters most; it is searched, too.
    rate='optimizer.lr={_float_:{low:1e-5,high:0.3,log:true},_name_:learning_rate}'
    search=(budget.trials=16 dataset.limit=500 trainer.max_epochs=3 "$rate" tracker=none)
    final=(trainer.max_epochs=6 seeds=2)
fi

echo "== Search among convolutional networks of at most 500,000 parameters"
nas-hydra --config-dir "$(dirname "$0")/conf" search_space=widening strategy=surrogate_evolution \
    dataset=fashion_mnist dataset/augment=flip dataset.root="$root" hydra.run.dir="$run" "${search[@]}"

echo "== Why it won"
nas-hydra-explain run="$run"

echo "== Train the winner on all training images, beside two baselines; test them once"
[ -e "$run/retrain/model.json" ] || nas-hydra-retrain run="$run" "${final[@]}"

echo "== Export it"
nas-hydra-export run="$run/retrain" format=onnx
nas-hydra-export run="$run/retrain" format=python

echo "== Classify ten images of a folder"
python - "$run" <<'PYTHON'
import sys
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torchvision.transforms.functional import to_pil_image

run = Path(sys.argv[1])
dataset = instantiate(OmegaConf.load(run / "retrain" / "best.yaml").dataset)
test, names = dataset.open("test"), dataset.class_names
(run / "images").mkdir(exist_ok=True)
for place in range(10):
    name = names[test.labels[place]].replace("/", "-")
    to_pil_image(test[torch.tensor([place])][0]).save(run / "images" / f"{place} {name}.png")
PYTHON
(cd "$run" && nas-hydra-predict model=retrain images)
