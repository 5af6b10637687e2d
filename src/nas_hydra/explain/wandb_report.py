"""An explanation as a W&B report."""

from pathlib import Path

from nas_hydra.explain.result import Explanation
from nas_hydra.record.past import read_run
from nas_hydra.tracker import wandb_report
from nas_hydra.tracker.wandb_place import wandb_place
from nas_hydra.tracker.wandb_report import Block, Home, Request

FILE = "wandb_explanation.txt"
"""In the explanation's folder: which report it is."""


def publish(
    found: Explanation, command: str, project: str | None, entity: str | None, folder: Path
) -> str:
    """Publish an explanation, or update what was published from the same folder before.

    Args:
        found: what is explained.
        command: that explains it.
        project: the W&B project; None for that of the search.
        entity: the user or team that owns it; None for that of the search, else the account's own.
        folder: of the explanation.

    Returns:
        The report's URL.

    Raises:
        NasHydraError: if there is no account, W&B does not answer, or the library is missing.
    """
    run = Path(found.run)
    place = wandb_place(run)
    request = Request(
        word="wandb",
        naming="project=P",
        command=command,
        runs=[place.path] if place else [],
        project=project,
        entity=entity,
        file=folder / FILE,
    )

    def made(home: Home) -> list[Block]:
        from nas_hydra.explain.report_blocks import blocks  # wandb-workspaces, optional

        trained = any(trial.epochs for trial in read_run(run, "run").trials)
        return blocks(found, place.path if place else None, trained, home)

    return wandb_report.publish(request, title(found), made)


def title(found: Explanation) -> str:
    """What is explained; the run's name tells it from others of the project."""
    run = Path(found.run).resolve().name
    return f"Why trial {found.winner.trial} won: {found.objective} in {run}"
