"""The folders that a command makes, of which a refused config leaves none."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from nas_hydra.compose import Composer
from nas_hydra.compose.loader import known

FILES = {"nas-hydra.log", "nas-hydra-space.log", "multirun.yaml"}
"""What is written before it is known whether a config is right."""


class Folders:
    """Those that are not there before a command, so that they may go again.

    Attributes:
        root: of the command's only job, or of its sweep; None until that is known.
    """

    def __init__(self) -> None:
        self.root: Path | None = None
        self._earlier: set[Path] = set()

    def note(self, root: Path) -> None:
        """Look at what is there, before Hydra makes the root."""
        self.root = root
        self._earlier = {folder for folder in (root, *root.parents) if folder.exists()}
        if root.is_dir():
            self._earlier |= {*root.iterdir()}

    def drop(self, folder: Path) -> None:
        """Remove a folder if it is new and holds no more than ``FILES``, and its empty parents."""
        if not self._is_new(folder) or {*os.listdir(folder)} - FILES:
            return
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # the first that is not empty stays, and all above it
            for place in (folder, *folder.parents):
                if place in self._earlier:
                    break
                place.rmdir()

    def _is_new(self, folder: Path) -> bool:
        """Whether neither it nor, within the root, what it lies in was there."""
        within = {folder, *(place for place in folder.parents if self.root in place.parents)}
        return folder.is_dir() and not within & self._earlier


class Watched(Composer):
    """Hydra, with an eye on the folders.

    Args:
        folders: are told before the first job.
        given: what ``Composer`` takes.
    """

    def __init__(self, folders: Folders, *given: Any) -> None:
        super().__init__(*given)
        self._folders = folders

    def compose_config(self, *given: Any, **named: Any) -> DictConfig:
        """The config of a command."""
        config = super().compose_config(*given, **named)
        sweep = named["run_mode"] == RunMode.MULTIRUN
        tried = config.copy()
        with known(tried):
            root = OmegaConf.select(tried, "hydra.sweep.dir" if sweep else "hydra.run.dir")
        self._folders.note(Path(str(root)).absolute())
        return config
