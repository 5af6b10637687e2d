"""What happens after the last search of a sweep."""

import shlex
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from nas_hydra.errors import NasHydraError
from nas_hydra.tracker.terminal import messages


class SweepComparison(Callback):
    """Compares a sweep's searches and writes the comparison into its folder.

    A sweep that cannot be compared, such as one over budgets, is none the worse; it says why.
    """

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Compare the searches; a sweep without any, such as one of spaces, is passed over."""
        folder = Path(config.hydra.sweep.dir)
        if not any(folder.glob("*/.hydra/config.yaml")):
            return
        from nas_hydra.comparison import compare  # scipy, which a single search may not need
        from nas_hydra.comparison.files import write

        try:
            files = write(
                compare([folder], command=shlex.join(["nas-hydra-compare", str(folder)])), folder
            )
        except NasHydraError as error:
            messages.print(f"no comparison of this sweep: {error}")
        else:
            messages.print(f"comparison of this sweep: {files[-1]}")
