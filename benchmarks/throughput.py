"""How many candidates per hour: ``python benchmarks/throughput.py`` writes results/throughput.md.

The parts take turns, network by network, so that a drift of the machine meets all of them; each
has processes of its own with its own threads, warm before the first figure, but for the Lightning
path and the loop that it is compared with: they differ by less than two processes with the same
code do, so they share one and take turns three times as often. Seconds are medians over the
repetitions, with the least and the most; ratios are medians of the ratios within each repetition.
Nothing else should run: the table says if something did.
"""

import argparse
import gzip
import multiprocessing
import os
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from itertools import cycle, islice, product
from pathlib import Path
from statistics import fmean, median
from time import perf_counter, sleep
from typing import Any

import psutil
import torch
from table import Row, Times, machine, ratio_row, ratios, seconds_row, table
from training import (
    HEAVY,
    NETWORKS,
    QUICK,
    Loop,
    Scale,
    Seconds,
    Shape,
    candidate,
    composed,
    drawn,
    evaluator,
    lightning,
    pool,
    raw,
    through,
    usual,
    valid_batch,
)

from nas_hydra.engine.runtime import PAGES, keep_freed
from nas_hydra.engine.worker import IDLE

RESULTS = Path(__file__).parent / "results" / "throughput.md"
ROOT = "/usr/share/datasets/fashion-mnist"
ONE_BATCH = ("+trainer.limit_train_batches=1", "+trainer.limit_val_batches=1")
WARM = 20
"""Candidates of a pool before its memory is looked at for the first time."""
OFTEN = 3
"""How many times as often the smallest differences are measured."""
MEMBERS = 10
"""Of the default space, each of which is trained once."""
BUSY = 10.0
"""Per cent of the processor that others may take while the benchmark rests."""

Part = Callable[[Shape], float]
"""Network -> seconds per candidate."""


def station(threads: int, as_workers: bool = True) -> ProcessPoolExecutor:
    """A process with so many threads of torch, which stays.

    Args:
        threads: of torch.
        as_workers: whether it holds memory as the engine's workers do.
    """
    for name, value in PAGES.items():
        if as_workers:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    process = ProcessPoolExecutor(
        1, multiprocessing.get_context("spawn"), settle, (threads, as_workers)
    )
    process.submit(os.getpid).result()  # it has started, and has the environment of just now
    return process


def settle(threads: int, as_workers: bool) -> None:
    """What a station does first."""
    if as_workers:
        keep_freed()
    torch.set_num_threads(threads)


def unpack(root: str, folder: str) -> None:
    """Put the IDX files, compressed or not, where torchvision looks for them."""
    home = Path(folder, "FashionMNIST", "raw")
    home.mkdir(parents=True)
    for file in Path(root).rglob("*-ubyte*"):
        content = file.read_bytes()
        packed = file.suffix == ".gz"
        name = file.stem if packed else file.name
        (home / name).write_bytes(gzip.decompress(content) if packed else content)


class Bench:
    """Everything that is measured, with its processes.

    Args:
        root: folder of Fashion-MNIST.
        scale: how much is measured.
        folder: for weights and unpacked images.
    """

    def __init__(self, root: str, scale: Scale, folder: str) -> None:
        unpack(root, folder)
        self.scale, self.folder = scale, folder
        self.config = composed(root, scale)
        self.evaluator = evaluator(self.config)
        self.short = composed(root, scale, *ONE_BATCH)
        self.loop = Loop(valid_batch(candidate(self.config, NETWORKS[0])))
        self.others: list[float] = []
        """Per cent of the processor that others took, before each repetition."""

    def __enter__(self) -> "Bench":
        with ExitStack() as stack:
            enter = stack.enter_context
            self.as_usual = enter(station(2, as_workers=False))
            self.by_hand = [enter(station(1)) for _ in range(2)]
            self.one = enter(pool(self.config, 1, recycle_memory=None))
            before = set(multiprocessing.active_children())
            self.two = enter(pool(self.config, 2, recycle_memory=None))
            _ = self.engine(2)(NETWORKS[0])
            self.workers = members(before)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def raw(self, shape: Shape) -> float:
        """The hand-written loop."""
        return self._raw(shape, self.loop).total

    def _raw(self, shape: Shape, loop: Loop) -> Seconds:
        return self.by_hand[0].submit(raw, self.folder, self.scale, shape, loop).result()

    def raw_twice(self, shape: Shape) -> float:
        """Two hand-written loops at once, each with a core."""
        begin = perf_counter()
        both = [
            hand.submit(raw, self.folder, self.scale, shape, self.loop) for hand in self.by_hand
        ]
        _ = [one.result() for one in both]
        return (perf_counter() - begin) / 2

    def lightning(self, shape: Shape) -> float:
        """The project's evaluator, without an engine, where the first hand-written loop runs."""
        closed, weights = candidate(self.config, shape), Path(self.folder, "weights")
        return self.by_hand[0].submit(lightning, self.evaluator, closed, weights).result()

    def usual(self, loaders: int) -> Part:
        """The usual way with so many loader processes."""

        def measure(shape: Shape) -> float:
            return self.as_usual.submit(usual, self.folder, self.scale, shape, loaders).result()

        return measure

    def engine(self, workers: int) -> Part:
        """The default engine; ``workers`` is 1 or 2."""
        engine = self.one if workers == 1 else self.two

        def measure(shape: Shape) -> float:
            several = [candidate(self.config, shape)] * (self.scale.jobs * workers)
            return through(engine, several, Path(self.folder))

        return measure

    def fixed(self, shape: Shape) -> float:
        """A trial of one training and one validation batch, less these two steps done by hand.

        It follows another one, as in a search: a worker that has rested has given memory back.
        """
        steps = self._raw(shape, self.loop._replace(batches=1)).steps
        for _ in range(2):
            trial = through(self.one, [candidate(self.short, shape)], Path(self.folder))
        return trial - steps


def in_turn(parts: Mapping[str, Part], repetitions: int, others: list[float]) -> Times:
    """All parts in turn; a first candidate of each, on every network, is not counted.

    Args:
        parts: what is measured.
        repetitions: how often.
        others: gets the per cent of the processor that others take before each repetition.
    """
    found: dict[str, dict[Shape, list[float]]] = defaultdict(lambda: defaultdict(list))
    for repetition in range(-1, repetitions):
        others.append(psutil.cpu_percent(interval=1))
        for shape, (name, part) in product(NETWORKS, parts.items()):
            seconds = part(shape)
            if repetition >= 0:
                found[name][shape].append(seconds)
    return found


def members(before: set[Any]) -> list[psutil.Process]:
    """The processes started since."""
    started = set(multiprocessing.active_children()) - before
    return [psutil.Process(process.pid) for process in started]


def held(processes: Sequence[psutil.Process]) -> list[int]:
    """Bytes that each holds: private memory, and its share of what it has in common (PSS)."""
    return [process.memory_full_info().pss for process in processes]


def at_rest(workers: Sequence[psutil.Process]) -> list[int]:
    """What each holds when it has had no job for a while, and has given back what is free."""
    sleep(2 * IDLE)
    return held(workers)


def memory_rows(bench: Bench) -> Iterator[Row]:
    """What workers hold after the full-sized trials, and how a pool of two grows."""
    largest = max(held(bench.workers)) / 1e9
    resident = max(process.memory_info().rss for process in bench.workers) / 1e9
    what = f"a worker after all of that, PSS (resident with all shared pages: {resident:.2f} GB)"
    blank = [""] * len(NETWORKS)
    yield Row(what, blank, f"{largest:.2f} GB", ("at most 1.2 GB", largest <= 1.2))
    sizes = product((2, 3, 4, 5), (3, 5, 7), (8, 16, 32))
    shapes = [Shape((kernel,) * layers, width) for layers, kernel, width in sizes]
    several = cycle([candidate(bench.short, shape) for shape in shapes])
    folder, trials = Path(bench.folder), bench.scale.trials
    before = set(multiprocessing.active_children())
    with pool(bench.short, 2, recycle_memory=None) as engine:
        through(engine, list(islice(several, WARM)), folder)
        workers = members(before)
        first = sum(at_rest(workers))
        through(engine, list(islice(several, trials)), folder)
        busy, last = sum(held(workers)), sum(at_rest(workers))
    growth = 100 * (last / first - 1)
    what = f"growth of 2 workers at rest, PSS, over {trials} tiny candidates after the first {WARM}"
    yield Row(what, blank, f"{growth:+.1f} %", ("less than 5 %", growth < 5))
    what = "freed memory that each of them keeps from one candidate to the next"
    yield Row(what, blank, f"{(busy - last) / 2e6:.0f} MB")


def path_rows(times: Times) -> Iterator[Row]:
    """The table of the Lightning path."""
    yield from (seconds_row(name, of_part) for name, of_part in times.items())
    raw, lightning = times.values()
    path = ratios(lightning, raw)
    goal = ("each at most 1.05", max(path) <= 1.05)
    yield Row("Lightning path / hand-written loop", [f"{v:.3f}" for v in path], "", goal)


def engine_rows(times: Times, fixed: Mapping[Shape, Sequence[float]]) -> Iterator[Row]:
    """The table of the engine."""
    yield from (seconds_row(name, of_part) for name, of_part in times.items())
    raw, twice, usual_0, usual_2, one, two = times.values()
    usual = {s: min(usual_0[s], usual_2[s], key=median) for s in NETWORKS}
    hourly = [3600 / median(two[shape]) for shape in NETWORKS]
    yield Row("candidates per hour, engine with 2 workers", [f"{value:,.0f}" for value in hourly])
    yield ratio_row("engine with 2 workers, times the better usual way", ratios(usual, two), 3)
    yield ratio_row("2 workers, times 1 worker", ratios(one, two), 1.85)
    yield ratio_row("what the machine allows: 2 hand-written loops, times 1", ratios(raw, twice))
    row = seconds_row("fixed cost of a trial, engine included", fixed, "ms")
    slowest = 1000 * max(median(fixed[shape]) for shape in NETWORKS)
    yield Row(row.what, row.cells, f"at most {slowest:.0f} ms", ("at most 50 ms", slowest <= 50))


def measured(bench: Bench) -> list[Row]:
    """Everything, in the order of the table."""
    path: dict[str, Part] = {
        "hand-written loop, 1 thread, channels_last": bench.raw,
        "Lightning path (TrainEvaluator), in turn with it": bench.lightning,
    }
    parts: dict[str, Part] = {
        "hand-written loop, in turn with the following": bench.raw,
        "the same, 2 at once": bench.raw_twice,
        "usual Lightning, 2 threads, no loader processes": bench.usual(0),
        "usual Lightning, 2 threads, 2 loader processes": bench.usual(2),
        "engine=processes, 1 worker of 1 thread": bench.engine(1),
        "engine=processes, 2 workers of 1 thread": bench.engine(2),
    }
    few, many = bench.scale.repetitions, OFTEN * bench.scale.repetitions
    pairs = in_turn(path, many, bench.others)
    times = in_turn(parts, few, bench.others)
    fixed = in_turn({"fixed": bench.fixed}, many, bench.others)["fixed"]
    return [*path_rows(pairs), *engine_rows(times, fixed), *memory_rows(bench)]


def members_table(bench: Bench) -> str:
    """Random members of the default space, and a heavy network: each way once."""
    rng = random.Random(0)
    members = f"{MEMBERS} random members of the default space, mean"
    groups = {members: [drawn(rng) for _ in range(MEMBERS)], HEAVY.name: [HEAVY, HEAVY]}
    lines = ["| candidates | usual Lightning | engine, 2 workers | times |", "|---|---|---|---|"]
    for name, shapes in groups.items():
        usual = fmean(bench.usual(0)(shape) for shape in shapes)
        several = [candidate(bench.config, shape) for shape in shapes]
        ours = through(bench.two, several, Path(bench.folder))
        lines.append(f"| {name} | {usual:.1f} s | {ours:.1f} s | {usual / ours:.2f} |")
    return "\n".join(lines)


def conditions(scale: Scale, load: float, others: Sequence[float]) -> Iterator[str]:
    """How it was measured, and whether something disturbed it."""
    yield f"Command: `{' '.join(['python benchmarks/throughput.py', *sys.argv[1:]])}`"
    yield (
        f"Each candidate: {scale.train:,} images, one epoch of SGD, validation on {scale.valid:,};"
        f" seconds per candidate, median (least-most) of {scale.repetitions} interleaved"
        f" repetitions, of {OFTEN * scale.repetitions} for the Lightning path and the fixed cost."
        " Together: the geometric mean, where it has no unit."
    )
    yield (
        "Hand-written loops and the Lightning path run in processes that keep freed memory, as the"
        " engine's workers do, and pool before ReLU, as `ConvBlock` does; the usual way does"
        " neither, as usual. The trials of the fixed cost train and validate one batch."
    )
    yield f"Measured on {machine()}."
    yield (
        f"Load average at the start {load:.2f}; while the benchmark rested, others took"
        f" {median(others):.0f} % of the processor (at most {max(others):.0f} %)."
    )
    if load > 0.5 or max(others) > BUSY:
        yield "**The machine was not quiet: these figures are no evidence.**"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default=ROOT, help="folder of Fashion-MNIST")
    parser.add_argument("--quick", action="store_true", help="few images, once: a smoke run")
    parser.add_argument("--output", type=Path, default=RESULTS, help="file for the table")
    arguments = parser.parse_args()
    load, scale = os.getloadavg()[0], QUICK if arguments.quick else Scale()
    with tempfile.TemporaryDirectory() as folder, Bench(arguments.root, scale, folder) as bench:
        figures = f"{table(measured(bench))}\n\n{members_table(bench)}"
    notes = conditions(scale, load, bench.others)
    text = "\n\n".join([figures, *notes]) + "\n"
    print(text)
    arguments.output.parent.mkdir(exist_ok=True)
    arguments.output.write_text(text)


if __name__ == "__main__":
    main()
