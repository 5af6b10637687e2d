"""``nas_hydra.search``: a whole search in one call."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from nas_hydra.api.result import Result
from nas_hydra.api.session import session
from nas_hydra.app.assemble import assemble
from nas_hydra.app.running import finish, locked
from nas_hydra.tracker.terminal import Terminal, messages, ties, winner


class ProgressLine(Terminal):
    """The live line; what to type next is for those who type commands."""

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """The winner in one line; the result shows the rest."""
        if summary is None or not summary["best"]:
            super().finish(summary, exit_code)
            return
        self._live.stop()
        messages.print(f"winner: {winner(summary['best'])}{ties(summary)}")


def search(
    config: DictConfig | Sequence[str] | None = None,
    overrides: Sequence[str] = (),
    config_dir: Path | str | None = None,
    quiet: bool = False,
) -> Result:
    """Search as ``nas-hydra`` does: the same strategies, files and record.

    A folder that holds an unfinished run of this config is gone on with, a finished one is read.

    Args:
        config: composed by the host, in its own Hydra job or with its ``hydra`` node
            (``hydra.compose(..., return_hydra_config=True)``); without one, nas-hydra's own.
        overrides: as one would type them: ``["dataset=digits", "budget.trials=10"]``. They may
            also stand in the place of ``config``.
        config_dir: a further folder of config groups, as ``--config-dir``.
        quiet: print nothing; else progress goes to standard error.

    Raises:
        ConfigError: if the config is wrong; nothing is trained or written then.
        SearchFailedError: if no trial was completed.
    """
    with session(config, overrides, config_dir) as begun, locked(begun.folder):
        found = assemble(begun.config, begun.choices, begun.folder.name, begun.command)
        others = [one for one in found.trackers if not isinstance(one, Terminal)]
        found.trackers = others if quiet else [*others, ProgressLine()]
        return Result(found.run, finish(found, begun.config).trials)
