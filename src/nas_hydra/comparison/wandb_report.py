"""A comparison as a W&B report."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import wandb
from wandb.errors import CommError, UsageError
from wandb.sdk.lib.service.service_connection import WandbApiFailedError
from wandb.util import app_url

from nas_hydra.comparison.markdown import title
from nas_hydra.comparison.result import Comparison
from nas_hydra.errors import NasHydraError
from nas_hydra.tracker.account import has_account

FILE = "wandb_report.txt"
"""In the comparison's folder: ``entity/project/id`` of the report, which is updated next time."""
LONGEST_TITLE = 128
"""Characters that W&B takes."""


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
    check_ready(comparison)
    import wandb_workspaces.reports.v2 as wr  # optional

    from nas_hydra.comparison.report_blocks import Home, blocks

    with answering(comparison):
        api = wandb.Api()
        owner, name = home_of(comparison, project, entity)
        home = Home(app_url(api.settings["base_url"]), owner or str(api.default_entity), name)
        ensure_project(api, home.entity, home.project)
        report = wr.Report(
            project=home.project,
            entity=home.entity,
            title=title(comparison)[:LONGEST_TITLE],
            description=f"Made with {comparison.command}" if comparison.command else "",
            blocks=blocks(comparison, home),
            width="fluid",
        )
        report.id = known_id(folder, home.entity, home.project)
        report.save()
    (folder / FILE).write_text(f"{home.entity}/{home.project}/{report.id}\n")
    return str(report.url)


def check_ready(comparison: Comparison) -> None:
    """Make sure that there is an account, and the library.

    Raises:
        NasHydraError: with what to type.
    """
    if find_spec("wandb_workspaces") is None:
        raise NasHydraError(
            "--wandb: W&B reports need wandb-workspaces; install it: pip install"
            " 'nas-hydra[reports]'"
        )
    if not has_account():
        raise NasHydraError(
            "--wandb: no W&B account found; log in and publish again:\n"
            f"  wandb login\n  {comparison.command}"
        )


@contextmanager
def answering(comparison: Comparison) -> Iterator[None]:
    """Tell W&B's errors as ours.

    Raises:
        NasHydraError: if W&B does not answer, or refuses.
    """
    try:
        yield
    except (CommError, UsageError, WandbApiFailedError) as error:
        raise NasHydraError(
            f"--wandb: W&B refuses or does not answer: {str(error).splitlines()[0]}\n"
            "The local report is written. Check the network and the account, and publish again:\n"
            f"  wandb login --relogin\n  {comparison.command}"
        ) from error


def home_of(
    comparison: Comparison, project: str | None, entity: str | None
) -> tuple[str | None, str]:
    """Entity and project: those given, else those of the runs; no entity is the account's own.

    Raises:
        NasHydraError: if no project is given and no run has one.
    """
    places = [run.wandb.split("/")[:-1] for run in comparison.runs if run.wandb]
    owners = [place[0] for place in places if len(place) > 1]
    projects = [place[-1] for place in places if place]
    if project is None and not projects:
        raise NasHydraError("--wandb: no run was tracked with W&B; name a project: --project P")
    return entity or next(iter(owners), None), project or projects[0]


def ensure_project(api: wandb.Api, entity: str, project: str) -> None:
    """Make the project, if it is not there."""
    if project not in {known.name for known in api.projects(entity)}:
        api.create_project(project, entity)


def known_id(folder: Path, entity: str, project: str) -> str:
    """The id of the report that was published from a folder; empty if there is none there."""
    file = folder / FILE
    place, _, key = (file.read_text().strip() if file.exists() else "").rpartition("/")
    return key if place == f"{entity}/{project}" else ""
