"""Where a comparison goes: ``comparison.json``, ``.md`` and ``.html``, and a W&B report."""

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from nas_hydra.comparison.content import document, title
from nas_hydra.comparison.result import Comparison, Interval
from nas_hydra.document.markdown import markdown
from nas_hydra.errors import ConfigError
from nas_hydra.files.small_file import replace

WANDB_FILE = "wandb_report.txt"
"""In the comparison's folder: which W&B report it is."""


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Write all three, each in one step, over those of an earlier comparison.

    Raises:
        ConfigError: if the folder cannot be written.
    """
    from nas_hydra.document.html import html  # which loads plotly

    shown = document(comparison, folder, _wandb_address(comparison))
    texts = {
        "comparison.json": json.dumps(plain(comparison), indent=1) + "\n",
        "comparison.md": markdown(shown),
        "comparison.html": html(shown),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace(folder / name, text)
    except OSError as error:
        raise ConfigError(
            "--output", f"cannot write into {folder} ({error.strerror}); choose another folder"
        ) from error
    return [folder / name for name in texts]


def _wandb_address(comparison: Comparison) -> str:
    """Where W&B's pages are; empty if no run has one."""
    if not any(run.wandb for run in comparison.runs):
        return ""
    from nas_hydra.tracker.wandb_report import app_address  # which loads W&B

    return app_address()


def plain(value: Any) -> Any:
    """Dataclasses as mappings, field by field; an interval is one too."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Interval):
        return value._asdict()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


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
    from nas_hydra.tracker import wandb_report  # which loads W&B

    request = wandb_report.ReportRequest(
        word="--wandb",
        naming="--project P",
        command=comparison.command,
        runs=[run.wandb for run in comparison.runs if run.wandb],
        project=project,
        entity=entity,
        file=folder / WANDB_FILE,
    )

    def made(home: wandb_report.Home) -> list[wandb_report.Block]:
        from nas_hydra.comparison.report_blocks import blocks  # wandb-workspaces, optional

        return blocks(comparison, home)

    return wandb_report.publish(request, title(comparison), made)
