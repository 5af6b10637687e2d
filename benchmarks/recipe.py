"""What the default recipe learns beside others: ``python benchmarks/recipe.py``.

Prints a table and writes it to results/recipe.md. Every row is the same few random candidates of a
space, trained with each optimizer's own defaults; batch size and epochs follow from the data.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nas_hydra

RESULTS = Path(__file__).parent / "results" / "recipe.md"
OPTIMIZERS = ("adamw", "adam", "sgd")
SPACES = ("conv_net", "mlp", "resnet", "vit", "nasbench201")
FASHION_MNIST = os.environ.get("NAS_HYDRA_FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
DATA = {
    "digits, 150 images": ("dataset=digits", "dataset.limit=150"),
    "digits, all": ("dataset=digits",),
    "Fashion-MNIST, 200 images": (
        *("dataset=fashion_mnist", f"dataset.root={FASHION_MNIST}"),
        *("dataset.download=false", "dataset.limit=200"),
    ),
}
TRIALS = 3


def accuracies(*words: str) -> list[float]:
    """Validation accuracy of a few random candidates; 0 of one that could not be trained."""
    with TemporaryDirectory() as folder:
        fixed = ("strategy=random", f"budget.trials={TRIALS}", "engine.threads=1", "report=false")
        quiet = ("tracker=none", "record=memory", f"hydra.run.dir={folder}/run")
        found = nas_hydra.search([*words, *fixed, *quiet], quiet=True)
    return [0.0 if value != value else float(value) for value in found.trials["val_acc"]]


def row(data: str, space: str) -> str:
    """A line of the table: each optimizer's accuracies, the highest first."""
    cells = [
        ", ".join(f"{one:.2f}" for one in sorted(found, reverse=True))
        for name in OPTIMIZERS
        for found in [accuracies(f"search_space={space}", f"optimizer={name}", *DATA[data])]
    ]
    line = f"| {data} | `{space}` | {' | '.join(cells)} |"
    print(line, flush=True)
    return line


def main() -> None:
    """Measure, print and write."""
    head = [f"| images | space | {' | '.join(f'`{name}`' for name in OPTIMIZERS)} |"]
    head.append("|---|---|" + "---:|" * len(OPTIMIZERS))
    print(*head, sep="\n")
    rows = [row(data, space) for data in DATA for space in SPACES]
    words = "Validation accuracy of the same 3 random candidates of a space with each optimizer's"
    note = f"{words} defaults\n(`python benchmarks/recipe.py`); 0 is a training that diverged.\n"
    RESULTS.write_text("\n".join([note, *head, *rows]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
