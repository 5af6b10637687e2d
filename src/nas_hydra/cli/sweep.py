"""What is said before the first search of a sweep, and after the last one."""

import shlex
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig
from rich.console import Console
from rich.text import Text

from nas_hydra.errors import NasHydraError
from nas_hydra.shell import from_here, pasteable
from nas_hydra.tracker.terminal import messages


class SweepComparison(Callback):
    """Compares a sweep's searches, prints the comparison and writes it into the sweep's folder.

    A sweep that cannot be compared, such as one over budgets, is none the worse; it says why.
    """

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Say where the searches will be."""
        messages.print(f"a sweep, in {from_here(_folder(config))}")

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Compare the searches; a sweep without any, such as one of spaces, is passed over."""
        folder = _folder(config)
        if any(folder.glob("*/.hydra/config.yaml")):
            _compare(folder)


def _folder(config: DictConfig) -> Path:
    return Path(config.hydra.sweep.dir)


def _compare(folder: Path) -> None:
    from nas_hydra.cli.compare import show  # scipy, which a single search may not need
    from nas_hydra.comparison import compare
    from nas_hydra.comparison.comparing import write

    command = shlex.join(["nas-hydra-compare", from_here(folder)])
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    try:
        found = compare([folder], command=command)
        files = write(found, folder)
    except NasHydraError as error:
        messages.print(f"no comparison of this sweep: {error}")
        return
    console.print()
    show(found, console)
    console.print(f"comparison of this sweep: {from_here(files[-1])}")
    console.print(Text.assemble(("next", "bold")))
    console.print(f"  by another setting (--by KEY), or with other runs  {pasteable(command)}")
