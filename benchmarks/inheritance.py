"""What an epoch tells of a child that inherits: ``python benchmarks/inheritance.py [CHILDREN]``.

Trains random parents of ``conv_net`` on Fashion-MNIST for 10 epochs. Each child differs from its
parent in one decision and is trained four times: for 1 epoch from its parent's weights, and for 1,
3 and 10 epochs from scratch, each under its own schedule. Prints a table and writes it to
results/inheritance.md; results/inheritance.json keeps each child as soon as it is done, and what is
there is not trained again. IMAGES and EPOCHS say how many, if not 3,000 and 10.
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
import torch
from hydra import compose, initialize_config_module
from numpy.random import default_rng
from scipy.stats import spearmanr

from nas_hydra.app.completing import complete
from nas_hydra.app.settings import resolved, settings_of
from nas_hydra.app.space import build_space
from nas_hydra.config.component import build
from nas_hydra.evaluator import Evaluator
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy.variation import Mutation
from nas_hydra.trial import Course, Fidelity

RESULTS = Path(__file__).parent / "results" / "inheritance.json"
FASHION_MNIST = os.environ.get("NAS_HYDRA_FASHION_MNIST", "/usr/share/datasets/fashion-mnist")
IMAGES, EPOCHS = (int(os.environ.get(name, n)) for name, n in (("IMAGES", 3000), ("EPOCHS", 10)))
SIBLINGS = 3
"""Children of each parent."""
WAYS = {
    "inherited": "1 epoch from the parent's weights",
    "one": "1 epoch from scratch",
    "three": "3 epochs from scratch",
    "whole": f"{EPOCHS} epochs from scratch",
}
LENGTHS = {"inherited": 1, "one": 1, "three": 3, "whole": EPOCHS}

Child = dict[str, Any]


class Bench:
    """The space, and what trains its candidates."""

    def __init__(self) -> None:
        with initialize_config_module("nas_hydra.conf", version_base="1.3"):
            data = ("dataset=fashion_mnist", f"dataset.root={FASHION_MNIST}")
            more = ("dataset.download=false", f"dataset.limit={IMAGES}", "++folder=run")
            config = compose("config", [*data, *more, "++name=it"])
            plain = complete(config, resolved(config), builds=True)
            self.space: SearchSpace = build_space(config)
        self.evaluator: Evaluator = build(settings_of(plain).evaluator, "evaluator", Evaluator)
        self.evaluator.prepare(self.space)

    def config(self, genotype: Genotype, epochs: int) -> dict[str, Any]:
        """A closed config that is trained for so long."""
        closed = self.space.close(genotype)
        return {**closed, "trainer": {**closed["trainer"], "max_epochs": epochs}}

    def family(self, number: int, missing: Sequence[int], folder: Path) -> Iterator[Child]:
        """What those children of a parent come to that are missing, one by one."""
        parent = self.space.sample(default_rng(number))
        file = folder / "parent.ckpt"
        trained = self.evaluator.evaluate(self.config(parent, EPOCHS), 0, folder / "parent.pt")
        state = torch.load(folder / "parent.pt", weights_only=True)
        torch.save({"state_dict": state}, file)
        mutated = Mutation(rate=None, count=1)
        for child in missing:
            genotype = mutated(self.space, [parent], default_rng((number, child)))
            course = Course(
                Fidelity(inherits=number),
                folder / f"{child}.ckpt",  # of its own: one that is there would be gone on from
                parent=file,
                parent_candidate=self.config(parent, EPOCHS),
            )
            yield {
                "child": child,
                "parent": float(trained.metrics["val_acc"]),
                "change": change(parent, genotype),
                **self.outcomes(genotype, course, folder / "child.pt"),
            }

    def outcomes(self, genotype: Genotype, course: Course, weights: Path) -> dict[str, Any]:
        """Accuracy and seconds of each way to train a child, and what it inherits."""
        found: dict[str, Any] = {}
        for way, epochs in LENGTHS.items():
            start = perf_counter()
            more = (course,) if way == "inherited" else ()
            evaluation = self.evaluator.evaluate(self.config(genotype, epochs), 0, weights, *more)
            found[way] = float(evaluation.metrics["val_acc"])
            found[f"{way}_seconds"] = round(perf_counter() - start, 2)
            if evaluation.inherited is not None:
                found["share"] = round(evaluation.inherited, 4)
        return found


def change(parent: Genotype, child: Genotype) -> str:
    """What makes a child of its parent, in words."""
    names = [name for name in {**parent, **child} if parent.get(name) != child.get(name)]
    if "depth" in names:
        return f"depth {parent['depth']} → {child['depth']}"
    return ", ".join(f"{name} {parent.get(name)} → {child.get(name)}" for name in names)


def known() -> dict[str, Any]:
    """What an earlier run of this benchmark, with the same settings, has left."""
    settings = {"images": IMAGES, "epochs": EPOCHS}
    if RESULTS.is_file():
        earlier: dict[str, Any] = json.loads(RESULTS.read_text())
        if earlier["settings"] == settings:
            return earlier
    return {"settings": settings, "children": []}


def measure(children: int) -> list[Child]:
    """Every child's outcomes; each is written as soon as it is there."""
    found, bench = known(), Bench()
    for number in range(-(-children // SIBLINGS)):
        family = range(SIBLINGS * number, min(SIBLINGS * (number + 1), children))
        missing = [
            child for child in family if child not in {c["child"] for c in found["children"]}
        ]
        if not missing:
            continue
        with TemporaryDirectory() as folder:
            for child in bench.family(number, missing, Path(folder)):
                print(json.dumps(child, ensure_ascii=False), flush=True)
                found["children"].append(child)
                RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return found["children"]  # type: ignore[no-any-return]


def table(children: Sequence[Child]) -> list[str]:
    """Markdown: each way beside the longest one."""
    whole = [child["whole"] for child in children]
    lines = [
        "| training | accuracy | least | seconds | rank correlation |",
        "|---|---:|---:|---:|---:|",
    ]
    for way, words in WAYS.items():
        values = [child[way] for child in children]
        seconds = np.mean([child[f"{way}_seconds"] for child in children])
        order = spearmanr(values, whole).statistic
        cells = f"{np.mean(values):.3f} | {min(values):.3f} | {seconds:.1f} | {order:.2f}"
        lines.append(f"| {words} | {cells} |")
    return lines


def main() -> None:
    """Measure, print and write."""
    children = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
    parents = np.mean([child["parent"] for child in children])
    shares = [child["share"] for child in children]
    command = f"`python benchmarks/inheritance.py {len(children)}`"
    lines = [
        f"`conv_net` on Fashion-MNIST, {IMAGES:,} images: {len(children)} children, in a decision",
        f"other than a trained parent ({command}). Validation",
        "accuracy, mean and least, and Spearman's rank correlation with the longest training's.",
        f"Parents, {EPOCHS} epochs: {parents:.3f}. Of a child's weights {np.mean(shares):.0%} came",
        f"from its parent (least {min(shares):.0%}).",
        "",
        *table(children),
    ]
    print("\n".join(lines))
    RESULTS.with_suffix(".md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
