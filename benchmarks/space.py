"""How fast spaces are: ``python benchmarks/space.py`` prints the table and writes results/space.md.

Every figure is a median, but for the last row, a single run. The machine is named below the table;
nothing else should run on it.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch
from hydra import compose, initialize_config_module
from numpy.random import default_rng
from omegaconf import DictConfig, OmegaConf

from nas_hydra.app.space import build_space, check_components
from nas_hydra.constraint import Candidate
from nas_hydra.search_space import SearchSpace
from nas_hydra.strategy.variation import Mutation, UniformCrossover

RESULTS = Path(__file__).parent / "results" / "space.md"
REPEATS = 200
"""Of what takes well under a second."""
COMMAND = (sys.executable, "-c", "from nas_hydra.cli import space; space()")


@dataclass(frozen=True)
class Figure:
    """One measurement: what, how many milliseconds it took, and how many it may take."""

    what: str
    milliseconds: float
    goal: float | None = None

    @property
    def row(self) -> str:
        """Its line in the table."""
        goal, met = "", ""
        if self.goal is not None:
            goal, met = f"{self.goal:g} ms", "yes" if self.milliseconds <= self.goal else "**no**"
        return f"| {self.what} | {self.milliseconds:,.3g} ms | {goal} | {met} |"


def timed(what: str, work: Callable[[], Any], goal: float | None, repeats: int) -> Figure:
    """The median time of a piece of work."""
    seconds = []
    for _ in range(repeats):
        begin = perf_counter()
        work()
        seconds.append(perf_counter() - begin)
    return Figure(what, 1000 * median(seconds), goal)


def composed(*overrides: str) -> DictConfig:
    """A config as the command composes it."""
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        return compose("config", list(overrides))


def blocks(number: int) -> dict[str, Any]:
    """A space of two genes per block, written out block by block."""
    block = {
        "_target_": "nas_hydra.model.ConvBlock",
        "out_channels": {"_choice_": [16, 32, 64]},
        "kernel_size": {"_choice_": [3, 5, 7]},
    }
    return {"model": {"_target_": "torch.nn.Sequential", "_args_": [block] * number}}


def composing(folder: Path, number: int, *overrides: str) -> SearchSpace:
    """The space of so many blocks, from its file to the checked space."""
    file = folder / "search_space" / f"blocks_{number}.yaml"
    file.parent.mkdir(exist_ok=True)
    OmegaConf.save(OmegaConf.create(blocks(number)), file)
    config = composed(
        f"hydra.searchpath=[file://{folder}]", f"search_space={file.stem}", *overrides
    )
    space = build_space(config)
    check_components(space.parts.values())
    return space


def operations(space: SearchSpace) -> Iterator[Figure]:
    """What strategies do, once per candidate or more often."""
    rng = default_rng(0)
    mutation, crossover = Mutation(rate=None, count=1), UniformCrossover(probability=1.0)
    one, other = space.sample(rng), space.sample(rng)
    work: dict[str, Callable[[], Any]] = {
        "sampling": lambda: space.sample(rng),
        "mutation": lambda: mutation(space, [one], rng),
        "crossover": lambda: crossover(space, [one, other], rng),
        "key (from the decisions)": lambda: space.genotype(one).key,
        "closing": lambda: space.close(one),
        "encoding": lambda: space.encode(one),
        "distance": lambda: space.distance(one, other),
    }
    genes = len(space.genes)
    for what, call in work.items():
        yield timed(f"{what}, {genes} genes", call, 0.5, REPEATS)
    near = len(list(space.neighbours(one)))
    every = timed("", lambda: list(space.neighbours(one)), None, 20)
    what = f"each of the {near} neighbours, {genes} genes"
    yield Figure(what, every.milliseconds / near, 0.5)


def counting() -> Iterator[Figure]:
    """Parameters and FLOPs of cells of NAS-Bench-201, without memory."""
    space = build_space(composed("search_space=nasbench201"))
    rng = default_rng(0)

    def fresh() -> Candidate:
        return Candidate(space.close(space.sample(rng)))

    _ = fresh().flops  # imports what it needs
    yield timed("parameters of a nasbench201 candidate", lambda: fresh().params, 50, 50)
    yield timed("parameters and FLOPs of one", lambda: fresh().flops, None, 50)


def command(folder: Path) -> Iterator[Figure]:
    """The whole command, in a process of its own."""
    for samples, goal, repeats in ((0, 3000, 5), (200, None, 1)):
        arguments = ("search_space=nasbench201", f"hydra.run.dir={folder}", "--samples")

        def call(typed: tuple[str, ...] = (*COMMAND, *arguments, str(samples))) -> None:
            subprocess.run(typed, check=True, capture_output=True)

        yield timed(f"nas-hydra-space, nasbench201, {samples} samples", call, goal, repeats)


def machine() -> str:
    """What it was measured on."""
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {versions}"


def main() -> None:
    """Measure, print and write."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        space = composing(folder, 30 // 2)
        large = timed(
            "composing and checking 200 genes", lambda: composing(folder, 200 // 2), 1000, 5
        )
        figures = [*operations(space), large, *counting(), *command(folder)]
    table = ["| what | median | goal | met |", "|---|---|---|---|", *(f.row for f in figures)]
    text = "\n".join([*table, "", f"Measured on {machine()}.", ""])
    print(text)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(text)


if __name__ == "__main__":
    main()
