"""What one search is, as trackers and reports see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nas_hydra.objective import Objectives

VALUED = ("--config-dir", "-cd", "--config-name", "-cn", "--config-path", "-cp", "--package", "-p")
"""Flags of Hydra's that are followed by a value."""
EXPLANATION = "explanation.json"
"""What ``nas-hydra-explain`` leaves in the run's folder."""
AMOUNTS = ("trials", "epochs", "seconds", "cost")
"""The limits of a budget of which one at least is given."""
FEWEST_EXPLAINED = 10
"""Candidates that it takes to tell what they have in common."""


@dataclass(frozen=True)
class Run:
    """One search.

    Args:
        folder: the run's folder.
        name: ``strategy-space-dataset-seed``.
        group: the sweep that the run is part of, or the run's own name.
        command: what to type to go on with it after an interruption.
        choices: config group -> the option taken: ``{"strategy": "evolution", ...}``.
        config: the whole resolved config, open values included.
        objectives: what is optimised, and limited.
        genes: names of every gene that can be active.
        metrics: names of everything that the evaluator measures.
        trials: how many trials the budget allows, finalists among them; None if it allows any
            number.
        seed: of the search.
        optimum: objective -> the best value that there is, where it is known.
        partial: whether any training may be another one than a whole one from scratch.
        cost: what is counted of each candidate, as ``strategy.cost`` says; None if nothing is.
        budget: its other limits that are given, such as ``epochs`` -> 500.
    """

    folder: Path
    name: str
    group: str
    command: str
    choices: Mapping[str, str]
    config: Mapping[str, Any]
    objectives: Objectives
    genes: Sequence[str]
    metrics: Sequence[str]
    trials: int | None
    seed: int
    optimum: Mapping[str, float] = field(default_factory=dict)
    partial: bool = False
    cost: str | None = None
    budget: Mapping[str, float] = field(default_factory=dict)

    @property
    def limits(self) -> dict[str, float]:
        """Limit of the budget -> its value, ``trials`` first if they are limited."""
        return {**({} if self.trials is None else {"trials": self.trials}), **self.budget}

    @property
    def most(self) -> str:
        """``30 trials``, or ``500 epochs, 3,600 seconds``: how much there may be of what."""
        amounts = {name: self.limits[name] for name in AMOUNTS if name in self.limits}
        return ", ".join(f"{number:,.12g} {name}" for name, number in amounts.items())

    def after(self, told: int) -> str:
        """``12 of 30 trials``, or ``12 trials`` where nobody knows how many there will be."""
        return f"{told:,} trials" if self.trials is None else f"{told:,} of {self.trials:,} trials"

    @property
    def measures(self) -> list[str]:
        """The objectives' names, then those of the other metrics."""
        objectives = [objective.name for objective in self.objectives]
        return list(dict.fromkeys([*objectives, *self.metrics]))


def weights_file(folder: Path, number: int) -> Path:
    """Where a trial's trained weights wait until it is known whether it is the best so far."""
    return folder / "weights" / f"{number}.ckpt"


def origin_of(weights: Path) -> str:
    """In words, the trial whose weights wait in this file."""
    return f"trial {weights.stem} of {weights.parent.parent.absolute()}"


def parted(typed: Sequence[str]) -> tuple[list[str], list[str]]:
    """A command's flags, each with its value, and its overrides."""
    flags = [
        word.startswith("-") or before in VALUED
        for before, word in zip(["", *typed], typed, strict=False)
    ]
    return (
        [word for word, is_flag in zip(typed, flags, strict=True) if is_flag],
        [word for word, is_flag in zip(typed, flags, strict=True) if not is_flag],
    )
