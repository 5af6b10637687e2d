"""What one search is, as trackers and reports see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_hydra.objective import Objective


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
        objectives: what is optimised; the first one ranks where one number is needed.
        genes: names of every gene that can be active.
        metrics: names of everything that the evaluator measures.
        trials: how many trials the budget allows.
        seed: of the search.
    """

    folder: Path
    name: str
    group: str
    command: str
    choices: Mapping[str, str]
    config: Mapping[str, Any]
    objectives: Sequence[Objective]
    genes: Sequence[str]
    metrics: Sequence[str]
    trials: int
    seed: int

    @property
    def measures(self) -> list[str]:
        """The objectives' names, then those of the other metrics."""
        objectives = [objective.name for objective in self.objectives]
        return [*objectives, *(name for name in self.metrics if name not in objectives)]


def weights_file(folder: Path, number: int) -> Path:
    """Where a trial's trained weights wait until it is known whether it is the best so far."""
    return folder / "weights" / f"{number}.ckpt"


def origin_of(weights: Path) -> str:
    """In words, the trial whose weights wait in this file."""
    return f"trial {weights.stem} of {weights.parent.parent.absolute()}"
