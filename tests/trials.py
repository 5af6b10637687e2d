"""Runs and trials made by hand, for tests of what trackers and reports make of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from nas_hydra.front import Front
from nas_hydra.objective import Objective, Objectives
from nas_hydra.run import Run
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Fidelity, Proposal, State, Trial, duplicate

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


def rung(
    number: int, acc: float, width: int, fidelity: Fidelity, had: int = 0, **changes: Any
) -> Trial:
    """A trial that ends at a fidelity, and goes on from one whose network has had some epochs."""
    origin = "random" if fidelity.continues is None else "promotion"
    before = () if fidelity.continues is None else (fidelity.continues,)
    proposal = Proposal(number, Genotype({"width": width}, key=str(width)), origin, before)
    proposal = replace(proposal, fidelity=fidelity)
    epochs = (fidelity.epochs or 0) - had
    curve = tuple(acc - 0.05 * (epochs - epoch) for epoch in range(1, epochs + 1))
    made = Trial(
        proposal,
        "complete",
        {"val_acc": acc},
        {"val_acc": acc, "val_loss": 1 - acc},
        epochs,
        float(epochs),
        curves={"val_acc": curve},
    )
    return replace(made, **changes)


def halved() -> list[Trial]:
    """Four candidates after 1 epoch; two go on to 3, one to 9; one is stopped and one has failed.

    The best value of all is that of a candidate after 1 epoch, which is not the winner.
    """
    pruned, failed = ({"state": state, "values": {}} for state in ("pruned", "failed"))
    return [
        rung(0, 0.5, 1, Fidelity(1)),
        rung(1, 0.4, 2, Fidelity(1)),
        rung(2, 0.9, 3, Fidelity(1)),
        rung(3, 0.55, 1, Fidelity(3, continues=0), had=1),
        rung(4, 0.6, 3, Fidelity(3, continues=2), had=1),
        rung(5, 0.7, 1, Fidelity(9, continues=3), had=3),
        rung(6, 0.3, 4, Fidelity(9, inherits=0), epochs=2, inherited=0.5, **pruned),
        rung(7, 0.3, 5, Fidelity(1), epochs=0, error="too deep", curves={}, **failed),
    ]
