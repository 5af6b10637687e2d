"""Which W&B run a search's folder belongs to, readable without W&B."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from nas_hydra.files.small_file import read_json, replace

FILE = "wandb.json"


@dataclass(frozen=True)
class WandbPlace:
    """The W&B run of a search, kept in the search's folder.

    Args:
        id: of the W&B run; a resumed search continues it.
        path: ``entity/project/id``; without the entity while the run is offline.
        rows: of how many trials W&B has the rows for certain, counted when a process ends; what
            a killed one has left to W&B may not be on disk.
    """

    id: str
    path: str
    rows: int

    def write(self, folder: Path) -> None:
        """Keep it, in one step."""
        replace(folder / FILE, json.dumps(asdict(self)) + "\n")


def wandb_place(folder: Path) -> WandbPlace | None:
    """The W&B run of the search in a folder; None if it has none."""
    return read_json(folder / FILE, WandbPlace)
