"""What is to be retrained, and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

AUTO = "auto"
NONE = "none"


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Args:
        run: the folder of a search.
        trial: number of the trial to retrain; None is the winner.
        pareto: ``all`` retrains every trial of the front.
        seeds: how often each network is trained, at least 1.
        baseline: name of a constructor of ``torchvision.models`` to compare with; ``auto`` takes
            the one of the nearest size, ``none`` leaves it out.
        random: whether a random candidate of the space is trained for comparison.
        folder: where the model goes; None is below the run.
        force: also if the data has changed since the search, or a model is there already.
        trust: modules that the search's config may name, see ``nas_hydra.foreign``.
        config_dirs: further folders of config groups that ``overrides`` may name options of.
        url: of the storage of its record, if that is on a server; else none is connected to.
    """

    run: Path
    trial: int | None = None
    pareto: Literal["all"] | None = None
    seeds: int = 3
    baseline: str = AUTO
    random: bool = True
    folder: Path | None = None
    force: bool = False
    trust: Sequence[str] = ()
    config_dirs: Sequence[Path] = ()
    url: str | None = None
