"""Wall time to a quality: ``python benchmarks/time_to_quality.py`` writes its results.

The quality is what the textbook loop (``usual_search.py``) ends with, seed by seed: the validation
accuracy of its best candidate, all of them trained in full. Told is how long each way takes until a
candidate has it, from the start of its process on. Every way searches the default ``conv_net`` on
the same split of Fashion-MNIST. What is measured is kept in time_to_quality.json after every way of
every seed; a further call goes on with what is missing. Nothing else should run.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, time
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from table import machine

RESULTS = Path(__file__).parent / "results" / "time_to_quality.md"
JOURNAL = "journal.log"
DATA = ("dataset=fashion_mnist", "dataset.root=/usr/share/datasets/fashion-mnist")
COST = ("strategy=surrogate_evolution", "strategy.cost=flops")
LEVERS = (("fidelity=halving",), ("inherit=parent",), COST)
USUAL = {
    "textbook": "textbook loop, usual Lightning, in full",
    "hyperband": "Optuna's TPE and Hyperband pruner, usual Lightning",
}
OURS: Mapping[str, tuple[str, Sequence[str]]] = {
    "all": ("halving, inheritance and cost", sum(LEVERS, ())),
    "no_halving": ("without halving", sum(LEVERS[1:], ())),
    "no_inheritance": ("without inheritance", (*LEVERS[0], *LEVERS[2])),
    "no_cost": ("without cost", sum(LEVERS[:2], ())),
    "full": ("default strategy and engine, in full", ()),
    "first_epoch": ("first_epoch", ("fidelity=first_epoch", "fidelity.top=5")),
}
Events = list[list[float]]
"""Seconds since the start, and the validation accuracy that a candidate has then."""


def usual(way: str, sizes: Sequence[str], images: int) -> Events:
    """A search as one writes it without this project."""
    script = str(Path(__file__).with_name("usual_search.py"))
    words = [sys.executable, script, way, *sizes, *DATA, f"dataset.limit={images}"]
    begin, found = perf_counter(), []
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            found.append([perf_counter() - begin, json.loads(line)["val_acc"]])
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    return found


def ours(overrides: Sequence[str], images: int) -> Events:
    """A search of this project, by its command."""
    with tempfile.TemporaryDirectory(prefix="nas-hydra-time-") as folder:
        words = [*DATA, f"dataset.limit={images}", "dataset.batch_size=128", *overrides]
        quiet = ["tracker=none", "report=false", f"hydra.run.dir={folder}/run"]
        begin = time()
        program = str(Path(sys.executable).with_name("nas-hydra"))
        subprocess.run([program, *words, *quiet], check=True, capture_output=True)
        trials = recorded(Path(folder, "run"))
    return [
        [one.datetime_complete.timestamp() - begin, one.user_attrs["metrics"]["val_acc"]]
        for one in trials
        if one.datetime_complete and "val_acc" in one.user_attrs["metrics"]
    ]


def searched(way: str, said: argparse.Namespace, seed: int) -> Events:
    """One search."""
    if way in USUAL:
        sizes = [f"--trials={said.trials}", f"--epochs={said.epochs}", f"--seed={seed}"]
        return usual(way, sizes, said.images)
    limits = [f"budget.epochs={said.trials * said.epochs}", "budget.trials=null"]
    sizes = [*limits, f"trainer.max_epochs={said.epochs}", f"seed={seed}"]
    return ours([*sizes, *OURS[way][1]], said.images)


def recorded(folder: Path) -> list[optuna.trial.FrozenTrial]:
    """What the record of a run holds."""
    storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    (study,) = storage.get_all_studies()
    return storage.get_all_trials(study._study_id)


def seconds_to(events: Events, quality: float) -> float | None:
    """When a candidate first had this quality; None if none had."""
    return min((second for second, value in events if value >= quality), default=None)


def rows(known: Mapping[str, Mapping[str, Events]]) -> Iterator[str]:
    """The table: each way's seconds by seed, and how much faster it is than the textbook loop."""
    names = {**USUAL, **{way: name for way, (name, _) in OURS.items()}}
    yield "| way | seconds to the quality, by seed | best at the end, by seed | times faster |"
    yield "|---|---|---|---|"
    targets = {seed: max(v for _, v in ways["textbook"]) for seed, ways in known.items()}
    base = {seed: seconds_to(known[seed]["textbook"], targets[seed]) for seed in known}
    for way, name in names.items():
        seeds = [seed for seed in known if way in known[seed]]
        if not seeds:
            continue
        took = {seed: seconds_to(known[seed][way], targets[seed]) for seed in seeds}
        told = ", ".join("never" if took[s] is None else f"{took[s]:.0f}" for s in seeds)
        best = ", ".join(f"{max(v for _, v in known[s][way]):.4f}" for s in seeds)
        ratio = [(base[s] or 0.0) / took[s] if took[s] else 0.0 for s in seeds]  # type: ignore[operator]
        yield f"| {name} | {told} | {best} | {median(ratio):.1f} |"


def page(known: Mapping[str, Mapping[str, Events]], command: str) -> str:
    """The results in Markdown."""
    about = (
        f"`{command}`, on {machine()}: seconds from the start of the process until a candidate has"
        " the validation accuracy with which the textbook loop of the same seed ends."
    )
    return "\n".join(["# Wall time to a quality", "", about, "", *rows(known)]) + "\n"


def main() -> None:
    """Measure what is missing, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--only", nargs="*", default=[*USUAL, *OURS])
    parser.add_argument("--output", type=Path, default=RESULTS)
    said = parser.parse_args()
    kept = said.output.with_suffix(".json")
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.is_file() else {}
    sizes = f"--images {said.images} --epochs {said.epochs} --trials {said.trials}"
    for seed in range(said.seeds):
        ways = known.setdefault(str(seed), {})
        for way in [one for one in said.only if one not in ways]:
            ways[way] = events = searched(way, said, seed)
            kept.write_text(json.dumps(known) + "\n")
            print(seed, way, f"{events[-1][0]:.0f} s, best {max(v for _, v in events):.4f}")
            said.output.write_text(page(known, f"python benchmarks/time_to_quality.py {sizes}"))


if __name__ == "__main__":
    main()
