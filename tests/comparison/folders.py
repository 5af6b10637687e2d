"""Folders of runs as a search leaves them, with outcomes of our choice; the records are real."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf

from nas_hydra.objective import objectives_from
from nas_hydra.record.storage import journal
from nas_hydra.record.study import StudyRecord
from nas_hydra.search_space import SearchSpace
from nas_hydra.testing.strategy import PARTS
from nas_hydra.trial import Evaluation, Fidelity, Proposal, Trial, duplicate, measured

SPACE = SearchSpace(
    OmegaConf.create({"model": {"n": {"_int_": {"low": 0, "high": 10_000}, "_name_": "n"}}}), PARTS
)
CHOICES = {
    "strategy": "random",
    "search_space": "conv_net",
    "dataset": "digits",
    "evaluator": "train",
    "objective": "val_acc",
    "optimizer": "sgd",
    "hydra/launcher": "basic",
}
CONFIG: dict[str, Any] = {
    "search_space": {"width": 16},
    "dataset": {"limit": 100, "seed": 0},
    "trainer": {"max_epochs": 2},
    "optimizer": {"lr": 0.1},
    "scheduler": {"T_max": "${trainer.max_epochs}"},
    "evaluator": {"seed": 0, "store": "none"},
    "strategy": {"_target_": "Random", "initial": None},
    "objective": {"val_acc": "maximize"},
    "engine": {"ahead": 1, "order": "asked", "threads": 1},
    "record": {"study": "search", "storage": {"path": "${folder}/journal.log"}},
    "tracker": {"project": "p"},
    "budget": {"trials": 0, "repeats": 0},
    "seed": 0,
}
IDENTITY = ("search_space", "dataset", "trainer", "optimizer", "scheduler", "evaluator")
IDENTITY = (*IDENTITY, "strategy", "objective", "seed", "engine", "budget")

Outcome = float | Mapping[str, float] | str | None
"""A value, several metrics, ``again`` for a duplicate of the first trial, or None for a failure."""


Rung = tuple[int, float, int, int | None]
"""A candidate, its value, epochs that it has had in the end, and the trial that it goes on from."""


def run(
    folder: Path | str,
    values: Sequence[Outcome],
    *,
    strategy: str = "random",
    seed: int = 0,
    trials: int | None = None,
    spent: int | None = None,
    seconds: float = 1.0,
    choices: Mapping[str, str] | None = None,
    data: Mapping[str, Any] | None = None,
    rungs: Sequence[Rung] = (),
    **changes: Any,
) -> Path:
    """One run's folder.

    Args:
        folder: where.
        values: the outcomes in ask order.
        strategy: option.
        seed: of the search.
        trials: the budget; by default it is spent.
        spent: what the search notes as spent; more than there is if its space was exhausted.
        seconds: that each trial took.
        choices: other options.
        data: what the record notes of it.
        rungs: trials that are no whole trainings, after those of the values.
        changes: of the config, dotted keys with ``__`` for a point; None deletes.
    """
    folder = Path(folder)
    budget = len(values) + len(rungs) if trials is None else trials
    config = _config(strategy, seed, budget, changes)
    chosen = {**CHOICES, "strategy": strategy, **(choices or {})}
    _write(folder, config, chosen)
    resolved = OmegaConf.to_container(
        OmegaConf.create({**config, "folder": str(folder)}), resolve=True
    )
    identity = {key: resolved[key] for key in IDENTITY} | {"data": data}
    objectives = objectives_from(config["objective"])
    storage = journal(str(folder / "journal.log"))
    record = StudyRecord(storage, "search", SPACE, objectives, identity)
    first = None
    for number, outcome in enumerate(values):
        trial = _trial(number, outcome, first, objectives, seconds)
        first = first or trial
        record.add(trial)
    for number, rung in enumerate(rungs, len(values)):
        record.add(_rung(number, rung, objectives, seconds))
    if trials is None or spent is not None:
        record.finish({"trials": spent or len(values) + len(rungs)})
    return folder


def _config(strategy: str, seed: int, trials: int, changes: Mapping[str, Any]) -> dict[str, Any]:
    config = copy.deepcopy(CONFIG)
    config["strategy"]["_target_"] = strategy.title()
    config["seed"], config["budget"]["trials"] = seed, trials
    for key, value in changes.items():
        *path, last = key.split("__")
        part = config
        for name in path:
            part = part.setdefault(name, {})
        part[last] = value
    return config


def _write(folder: Path, config: Mapping[str, Any], choices: Mapping[str, str]) -> None:
    (folder / ".hydra").mkdir(parents=True)
    runtime = {
        "choices": dict(choices),
        "output_dir": str(folder.absolute()),
        "cwd": str(Path.cwd()),
    }
    plain = {**config, "folder": "${hydra:runtime.output_dir}"}
    (folder / ".hydra" / "config.yaml").write_text(yaml.safe_dump(plain))
    (folder / ".hydra" / "hydra.yaml").write_text(yaml.safe_dump({"hydra": {"runtime": runtime}}))


def _trial(number, outcome, first, objectives, seconds) -> Trial:
    proposal = Proposal(number, SPACE.genotype({"n": number}), "random")
    if outcome == "again":
        return duplicate(proposal, first)
    if outcome is None:
        return Trial(proposal, "failed", error="too wide", seconds=seconds)
    metrics = outcome if isinstance(outcome, Mapping) else {objectives[0].name: float(outcome)}
    return measured(proposal, Evaluation(metrics, epochs=2), objectives, seconds)


def _rung(number, rung, objectives, seconds) -> Trial:
    """A trial that goes on from one of 1 epoch, or from none."""
    candidate, value, epochs, continues = rung
    fidelity = Fidelity(epochs, continues=continues)
    genotype = SPACE.genotype({"n": candidate})
    proposal = Proposal(number, genotype, "random", fidelity=fidelity)
    spent = epochs - (0 if continues is None else 1)
    found = Evaluation({objectives[0].name: value}, epochs=spent)
    return measured(proposal, found, objectives, seconds * spent)


def sweep(root: Path | str, runs: Mapping[str, Sequence[Sequence[Outcome]]], **more: Any) -> Path:
    """A folder of runs: strategy -> the outcomes of each seed."""
    for strategy, seeds in runs.items():
        for seed, values in enumerate(seeds):
            run(Path(root) / f"{strategy}-{seed}", values, strategy=strategy, seed=seed, **more)
    return Path(root)
