"""A comparison as a W&B report."""

from pathlib import Path

from nas_hydra.comparison.markdown import title
from nas_hydra.comparison.result import Comparison
from nas_hydra.tracker import wandb_report
from nas_hydra.tracker.wandb_report import Block, Home, Request

FILE = "wandb_report.txt"
"""In the comparison's folder: which report it is."""


def publish(comparison: Comparison, project: str | None, entity: str | None, folder: Path) -> str:
    """Publish a comparison, or update what was published from the same folder before.

    Args:
        comparison: what was found.
        project: the W&B project; None for that of the runs.
        entity: the user or team that owns it; None for that of the runs, else the account's own.
        folder: of the comparison.

    Returns:
        The report's URL.

    Raises:
        NasHydraError: if there is no account, W&B does not answer, or the library is missing.
    """
    request = Request(
        word="--wandb",
        naming="--project P",
        command=comparison.command,
        runs=[run.wandb for run in comparison.runs if run.wandb],
        project=project,
        entity=entity,
        file=folder / FILE,
    )

    def made(home: Home) -> list[Block]:
        from nas_hydra.comparison.report_blocks import blocks  # wandb-workspaces, optional

        return blocks(comparison, home)

    return wandb_report.publish(request, title(comparison), made)
