"""Runs and trials made by hand, for tests of what trackers and reports make of them."""

from dataclasses import replace
from pathlib import Path

from nas_hydra.front import Front
from nas_hydra.objective import Objective, Objectives
from nas_hydra.run import Run
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Proposal, State, Trial, duplicate

ONE = Objectives((Objective("val_acc", "maximize"),))
TWO = Objectives((Objective("val_acc", "maximize"), Objective("val_loss", "minimize")))


def search(folder: Path, **changes) -> Run:
    folder.mkdir(exist_ok=True)
    run = Run(
        folder=folder,
        name="random-conv_net-digits-0",
        group="sweep-1",
        command=f"nas-hydra hydra.run.dir={folder}",
        choices={"strategy": "random", "search_space": "conv_net", "dataset": "digits"},
        config={"seed": 0, "width": {"_choice_": [16, 32]}},
        objectives=ONE,
        genes=["width", "model.act"],
        metrics=["val_loss", "val_acc"],
        trials=4,
        seed=0,
    )
    return replace(run, **changes)


def complete(
    number: int, acc: float, genes: dict, parents: tuple[int, ...] = (), **metrics: float
) -> Trial:
    """A trial; other metrics than the accuracy are values too."""
    proposal = Proposal(number, Genotype(genes, key=str(genes)), "mutation", parents)
    measured = {"val_loss": 1 - acc, "val_acc": acc, **metrics}
    values = {"val_acc": acc, **metrics}
    return Trial(proposal, "complete", values, measured, epochs=2, seconds=1.5)


def trials() -> list[Trial]:
    """A complete, a failed, a better and a duplicate one."""
    first = complete(0, 0.5, {"width": 16})
    failed: State = "failed"
    broken = Trial(Proposal(1, Genotype({"width": 32}, "c"), "random"), failed, error="too deep")
    better = complete(2, 0.8, {"width": 32, "model.act": "relu"}, parents=(0, 1))
    again = duplicate(Proposal(3, first.proposal.genotype, "crossover"), first)
    return [first, broken, better, again]


def standing(*told: Trial, objectives: Objectives = ONE) -> Front:
    """The front after these trials."""
    front = Front(objectives)
    for trial in told:
        front.add(trial)
    return front


def told(*given: Trial, objectives: Objectives = ONE) -> list[tuple[Trial, Front]]:
    """Each trial, of ``trials()`` if none are given, with the front that it leaves."""
    given = given or tuple(trials())
    return [
        (trial, standing(*given[: place + 1], objectives=objectives))
        for place, trial in enumerate(given)
    ]
