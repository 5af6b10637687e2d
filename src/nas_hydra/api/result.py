"""What a search found."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nas_hydra.api.session import undisturbed
from nas_hydra.api.shown import shown
from nas_hydra.front import Front
from nas_hydra.own_modules import importable
from nas_hydra.report.files import columns, row
from nas_hydra.run import Run
from nas_hydra.trial import Trial

if TYPE_CHECKING:
    from pandas import DataFrame

    from nas_hydra.explain import Explanation
    from nas_hydra.retrain import Retrained


@dataclass(frozen=True)
class Result:
    """The trials of a search, and the best of them.

    Args:
        run: what was searched.
        told: every trial, in ask order.
    """

    run: Run
    told: Sequence[Trial]

    @property
    def folder(self) -> Path:
        """The run's folder: ``best.yaml``, ``best.ckpt``, ``report.html``, ..."""
        return self.run.folder

    @property
    def best(self) -> Trial | None:
        """The winner, of a front as ``Front.chosen_by`` says; None if no trial is complete."""
        return self._front.best

    @property
    def front(self) -> list[Trial]:
        """The trials that no other one beats, the oldest first; with one objective, one."""
        return list(self._front.members)

    @cached_property
    def trials(self) -> "DataFrame":
        """One row per trial, with the columns of ``trials.csv``."""
        from pandas import DataFrame  # 0.5 s, and only needed here

        return DataFrame([row(self.run, trial) for trial in self.told], columns=columns(self.run))

    def retrain(self, overrides: Sequence[str] = (), **wanted: Any) -> "Retrained":
        """Train the winner, or another trial, to the end, and test it: ``nas-hydra-retrain``.

        Args:
            overrides: of the search's config: ``["trainer.max_epochs=30"]``.
            wanted: as of ``nas_hydra.retrain.Request``: ``trial``, ``seeds``, ``baseline``, ...

        Raises:
            ConfigError: if the data has changed since the search, or a model is there already.
            SearchFailedError: if it could not be trained.
        """
        from nas_hydra.retrain import Request, retrain  # torch

        with undisturbed(), importable(wanted.get("config_dirs", ())):
            return retrain(Request(self.folder, **wanted), overrides)[0]

    def explain(self, **wanted: Any) -> "Explanation":
        """Why the winner won: ``nas-hydra-explain``, without its files.

        Args:
            wanted: as of ``nas_hydra.explain.explain``: ``objective``, ``start``, ``train``, ...

        Raises:
            ConfigError: if there is nothing to explain, or not what was asked for.
        """
        from nas_hydra.explain import explain  # scipy, and only needed here

        with undisturbed():
            return explain(self.folder, **wanted)

    @cached_property
    def _front(self) -> Front:
        return Front(self.run.objectives, self.told)

    def _repr_html_(self) -> str:
        """What a notebook shows: the winner, its decisions, the way to it, and the files."""
        return shown(self.run, self.told, self._front)

    def __repr__(self) -> str:
        best = f"trial {self.best.number} {dict(self.best.values)}" if self.best else None
        return f"Result({len(self.told)} trials, best={best}, folder='{self.folder}')"
