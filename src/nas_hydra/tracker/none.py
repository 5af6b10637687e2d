"""The tracker that tracks nothing."""

from collections.abc import Mapping
from typing import Any

from nas_hydra.front import Front
from nas_hydra.run import Run
from nas_hydra.trial import Trial


class NoTracker:
    """For tests, benchmarks and people without a use for W&B."""

    def start(self, run: Run) -> None:
        """Nothing to begin."""

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Nothing to log."""

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """Nothing to end."""
