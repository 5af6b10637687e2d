"""Candidates per hour on one GPU: ``python benchmarks/gpu.py`` writes results/gpu.md.

Candidates that share the GPU, each in a worker of its own, against a hand-written loop that has it
alone, in float32 and in bfloat16. Without CUDA it says so and ends; ``--device cpu --quick`` is a
smoke run of everything but the GPU.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from statistics import mean

import torch
from table import Row, machine, ratio_row, ratios, seconds_row, table
from throughput import ROOT, Part, in_turn, station, unpack
from training import (
    NETWORKS,
    QUICK,
    Loop,
    Scale,
    Shape,
    candidate,
    composed,
    pool,
    raw,
    through,
    valid_batch,
)

from nas_hydra.engine.processes import visible_gpus

RESULTS = Path(__file__).parent / "results" / "gpu.md"
SHARING = (1, 2, 4, 8)
PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}
"""Name -> Lightning's name."""
BY_HAND = "hand-written loop, {}, channels_last"


@contextmanager
def utilisation(found: list[float]) -> Iterator[None]:
    """Append the mean utilisation of the GPU in per cent, as nvidia-smi samples it meanwhile."""
    if not shutil.which("nvidia-smi") or not (gpus := visible_gpus()):
        yield
        return
    query = ("--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "100")
    sampler = subprocess.Popen(
        ["nvidia-smi", "-i", gpus[0], *query], stdout=subprocess.PIPE, text=True
    )
    try:
        yield
    finally:
        sampler.terminate()
        samples = sampler.communicate()[0].split("\n")
        numbers = [float(sample) for sample in samples if sample.strip().isdigit()]
        found += [mean(numbers)] if numbers else []


class Bench:
    """Everything that is measured.

    Args:
        root: folder of Fashion-MNIST.
        scale: how much is measured.
        folder: for weights and unpacked images.
        device: ``cuda`` or ``cpu``.
    """

    def __init__(self, root: str, scale: Scale, folder: str, device: str) -> None:
        unpack(root, folder)
        accelerator = f"trainer.accelerator={'gpu' if device == 'cuda' else 'cpu'}"
        self.scale, self.folder = scale, folder
        self.configs = {
            name: composed(root, scale, accelerator, f"++trainer.precision={precision}")
            for name, precision in PRECISIONS.items()
        }
        self.config = self.configs["float32"]
        self.loop = Loop(valid_batch(candidate(self.config, NETWORKS[0]), device), device=device)
        self.others: list[float] = []

    def by_hand(self) -> dict[str, Loop]:
        """The settings of the hand-written loop that are measured."""
        contiguous = self.loop._replace(layout=torch.contiguous_format)
        return {
            "hand-written loop, float32, contiguous": contiguous,
            BY_HAND.format("float32"): self.loop,
            BY_HAND.format("bfloat16"): self.loop._replace(bf16=True),
        }

    def rows(self, sharing: Sequence[int]) -> Iterator[Row]:
        """The hand-written loops, then so many candidates at a time."""
        with station(1) as alone:

            def hand(loop: Loop) -> Part:
                return lambda shape: (
                    alone.submit(raw, self.folder, self.scale, shape, loop).result().total
                )

            loops = {name: hand(loop) for name, loop in self.by_hand().items()}
            times = in_turn(loops, self.scale.repetitions, self.others)
            yield from (seconds_row(name, of_loop) for name, of_loop in times.items())
            yield from chain.from_iterable(self.shared(number, loops) for number in sharing)

    def shared(self, number: int, loops: dict[str, Part]) -> Iterator[Row]:
        """So many candidates share the GPU; the hand-written loops take turns with them."""
        used: dict[tuple[str, Shape], list[float]] = {}
        with pool(self.config, number, gpus_per_trial=1 / number, recycle_memory=None) as engine:

            def measure(name: str) -> Part:
                def part(shape: Shape) -> float:
                    several = [candidate(self.configs[name], shape)] * (number * self.scale.jobs)
                    with utilisation(used.setdefault((name, shape), [])):
                        return through(engine, several, Path(self.folder))

                return part

            parts = {name: measure(name) for name in PRECISIONS}
            times = in_turn(loops | parts, self.scale.repetitions, self.others)
        for name in PRECISIONS:
            what = f"{number} candidates at a time, {name}"
            yield seconds_row(what, times[name])
            against = ratios(times[BY_HAND.format(name)], times[name])
            yield ratio_row(f"{what}: candidates per hour, times the hand-written loop", against)
            yield Row(f"{what}: utilisation", [per_cent(used[name, shape]) for shape in NETWORKS])


def per_cent(samples: Sequence[float]) -> str:
    """The mean, or that there is none."""
    return f"{mean(samples):.0f} %" if samples else "unknown"


def one_gpu() -> str:
    """Hide all GPUs but the first from this process and its workers; the name of that one."""
    os.environ["CUDA_VISIBLE_DEVICES"] = visible_gpus()[0]
    return torch.cuda.get_device_name(0)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=ROOT, help="folder of Fashion-MNIST")
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--quick", action="store_true", help="few images, once: a smoke run")
    parser.add_argument("--output", type=Path, default=RESULTS, help="file for the table")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device here: nothing is measured.")
        return
    gpu = one_gpu() if arguments.device == "cuda" else "no GPU"
    scale, sharing = (QUICK, SHARING[:2]) if arguments.quick else (Scale(), SHARING)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments.root, scale, folder, arguments.device)
        figures = table(bench.rows(sharing))
    notes = (
        f"Command: `{' '.join(['python benchmarks/gpu.py', *sys.argv[1:]])}`",
        f"Seconds per candidate: {scale.train:,} images, one epoch, validation on {scale.valid:,};"
        f" median (least-most) of {scale.repetitions} interleaved repetitions.",
        f"Measured on {gpu}, {machine()}.",
    )
    text = "\n\n".join([figures, *notes]) + "\n"
    print(text)
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(text)


if __name__ == "__main__":
    main()
