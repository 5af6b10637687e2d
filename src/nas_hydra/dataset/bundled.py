"""Tables that scikit-learn brings along."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn import datasets

from nas_hydra.dataset.table import Table
from nas_hydra.dataset.tables.frame import Notes
from nas_hydra.dataset.tables.opened import Settings
from nas_hydra.errors import ConfigError, listing

LOADERS: dict[str, dict[str, Any]] = {
    "breast_cancer": {},
    "diabetes": {"scaled": False},
    "iris": {},
    "wine": {},
}


@dataclass(frozen=True, kw_only=True)
class Bundled(Table):
    """A table of scikit-learn's, whose name stands in the place of a file's.

    The column that is to be told is ``target``; of classes it has their names.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(self.file)

    @classmethod
    def frames(cls, settings: Settings, notes: Notes) -> tuple[pd.DataFrame, None]:
        """All rows; there is no other test file."""
        _check(settings["file"])
        load = getattr(datasets, f"load_{settings['file']}")
        found = load(as_frame=True, **LOADERS[settings["file"]])
        frame: pd.DataFrame = found.frame
        if "target_names" in found:
            frame["target"] = [str(found.target_names[label]) for label in found.target]
        return frame, None


def _check(name: str) -> None:
    if name not in LOADERS:
        raise ConfigError("dataset.file", f"is {name}; allowed: {listing(LOADERS)}")
