"""Runs and trials made by hand, for tests of what trackers and reports make of them."""

from dataclasses import replace
from pathlib import Path

from nas_hydra.objective import Objective
from nas_hydra.run import Run
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Proposal, State, Trial, duplicate


def search(folder: Path, **changes) -> Run:
    folder.mkdir(exist_ok=True)
    run = Run(
        folder=folder,
        name="random-conv_net-digits-0",
        group="sweep-1",
        command=f"nas-hydra hydra.run.dir={folder}",
        choices={"strategy": "random", "search_space": "conv_net", "dataset": "digits"},
        config={"seed": 0, "width": {"_choice_": [16, 32]}},
        objectives=[Objective("val_acc", "maximize")],
        genes=["width", "model.act"],
        metrics=["val_loss", "val_acc"],
        trials=4,
        seed=0,
    )
    return replace(run, **changes)


def complete(number: int, acc: float, genes: dict, parents: tuple[int, ...] = ()) -> Trial:
    proposal = Proposal(number, Genotype(genes, key=str(genes)), "mutation", parents)
    metrics = {"val_loss": 1 - acc, "val_acc": acc}
    return Trial(proposal, "complete", {"val_acc": acc}, metrics, epochs=2, seconds=1.5)


def trials() -> list[Trial]:
    """A complete, a failed, a better and a duplicate one."""
    first = complete(0, 0.5, {"width": 16})
    failed: State = "failed"
    broken = Trial(Proposal(1, Genotype({"width": 32}, "c"), "random"), failed, error="too deep")
    better = complete(2, 0.8, {"width": 32, "model.act": "relu"}, parents=(0, 1))
    again = duplicate(Proposal(3, first.proposal.genotype, "crossover"), first)
    return [first, broken, better, again]


def told() -> list[tuple[Trial, Trial | None]]:
    """Each of ``trials()`` with the best so far."""
    found: list[tuple[Trial, Trial | None]] = []
    best: Trial | None = None
    for trial in trials():
        if trial.complete and (best is None or trial.values["val_acc"] > best.values["val_acc"]):
            best = trial
        found.append((trial, best))
    return found
