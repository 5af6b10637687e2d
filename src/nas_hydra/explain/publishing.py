"""An explanation on disk, and as a W&B report."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from nas_hydra.document.html import html
from nas_hydra.document.text import number
from nas_hydra.explain.result import Explanation
from nas_hydra.explain.sections import document
from nas_hydra.files.small_file import replace_all
from nas_hydra.record.past import read_run
from nas_hydra.run import EXPLANATION
from nas_hydra.tracker import wandb_report
from nas_hydra.tracker.wandb_report import Block, Home, ReportRequest
from nas_hydra.tracker.wandb_rows import wandb_place

if TYPE_CHECKING:
    import wandb_workspaces.reports.v2 as wr

FILE = "wandb_explanation.txt"
"""In the explanation's folder: which report it is."""


def write(found: Explanation, folder: Path) -> list[Path]:
    """Write ``explanation.json`` and ``explanation.html``, each in one step, over earlier ones.

    Raises:
        ConfigError: if the folder cannot be written.
    """
    texts = {
        EXPLANATION: json.dumps(asdict(found), indent=1, allow_nan=False) + "\n",
        "explanation.html": html(document(found)),
    }
    return replace_all(folder, texts, "output")


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
    request = ReportRequest(
        word="wandb",
        naming="project=P",
        command=command,
        runs=[place.path] if place else [],
        project=project,
        entity=entity,
        file=folder / FILE,
    )
    name = run.resolve().name  # tells it from others of the project
    title = f"Why trial {found.winner.trial} won: {found.objective} in {name}"
    return wandb_report.publish(
        request, title, lambda home: _blocks(found, place.path if place else None, home)
    )


def _blocks(found: Explanation, run: str | None, home: Home) -> list[Block]:
    """The report: the document, then panels over the search's run, and links.

    Args:
        found: what is explained.
        run: path of the search's W&B run; None if it has none.
        home: of the report.
    """
    import wandb_workspaces.reports.v2 as wr  # optional

    from nas_hydra.document import wandb
    from nas_hydra.tracker.report_blocks import linked

    text: list[Block] = wandb.blocks(document(found))
    if run is None:
        return text
    won = f"trial {found.winner.trial} won with {found.objective} {number(found.winner.value)}"
    link = linked(run, home, "the run", f"of {found.trials} trials: {won}")
    links = wr.UnorderedList(items=[link])
    return [*text, wr.H2(text="The search"), _grid(found, run, home), links]


def _grid(found: Explanation, run: str, home: Home) -> "wr.PanelGrid":
    """The best value by trials and, where something was trained, by epochs."""
    import wandb_workspaces.reports.v2 as wr  # optional

    from nas_hydra.tracker.report_blocks import curve, runsets

    trained = any(trial.epochs for trial in read_run(Path(found.run), "run").trials)
    axes = ("trials", "epochs") if trained else ("trials",)
    best = f"best/{found.objective}"
    panels = [
        curve(best, axis, f"{found.objective} of the best trial so far, by {axis}") for axis in axes
    ]
    return wr.PanelGrid(runsets=runsets([run], home, "the search"), panels=panels)
