"""W&B reports about searches: published, and updated when they are published again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import wandb
from wandb.errors import CommError, UsageError
from wandb.sdk.lib.service.service_connection import WandbApiFailedError
from wandb.util import app_url

from nas_hydra.errors import NasHydraError
from nas_hydra.files.small_file import replace as write_text
from nas_hydra.tracker.account import has_account, silent_setup

LONGEST_TITLE = 128
"""Characters that W&B takes."""
Block = Any
"""One of wandb-workspaces' blocks, which have no common public type."""


@dataclass(frozen=True)
class ReportRequest:
    """A report that somebody asked for.

    Args:
        word: that asked for it, for messages, such as ``--wandb``.
        naming: what names a project, likewise, such as ``--project P``.
        command: that publishes it again; empty if none does.
        runs: paths of the W&B runs that it is about: ``entity/project/id``, or without the entity.
        project: the W&B project; None for that of the runs.
        entity: the user or team that owns it; None for that of the runs, else the account's own.
        file: keeps ``entity/project/id`` of the report, which is updated next time.
    """

    word: str
    naming: str
    command: str
    runs: Sequence[str]
    project: str | None
    entity: str | None
    file: Path


@dataclass(frozen=True)
class Home:
    """Where a report is.

    Args:
        app: W&B's address.
        entity: the user or team.
        project: the W&B project.
    """

    app: str
    entity: str
    project: str

    def of(self, run: str) -> "Home":
        """Where a run is, by its path; one that was offline is taken to be the same entity's."""
        *entity, project, _ = run.split("/")
        return replace(self, entity=entity[0] if entity else self.entity, project=project)

    def run(self, run: str) -> str:
        """The page of a run."""
        return f"{self.of(run)._address}/runs/{run_id(run)}"

    def artifact(self, run: str) -> str:
        """The page of a run's files: config, record, winner with picture and weights."""
        return f"{self.of(run)._address}/artifacts/search/search-{run_id(run)}"

    @property
    def _address(self) -> str:
        return f"{self.app}/{self.entity}/{self.project}"


def app_address() -> str:
    """Where W&B's pages are, as the settings at this place say; nobody is asked."""
    return str(app_url(silent_setup().settings.base_url))


def run_id(run: str) -> str:
    """The id of a run, by its path."""
    return run.rpartition("/")[2]


def publish(request: ReportRequest, title: str, blocks: Callable[[Home], list[Block]]) -> str:
    """Publish a report, or update the one that was published before.

    Args:
        request: what was asked for.
        title: of the report, cut where it is too long.
        blocks: the report itself, once it is known where it is; not asked for without the library.

    Returns:
        The report's URL.

    Raises:
        NasHydraError: if there is no account, W&B does not answer, or the library is missing.
    """
    check_ready(request)
    import wandb_workspaces.reports.v2 as wr  # optional

    with _answering(request):
        api = wandb.Api()
        owner, name = home_of(request)
        home = Home(app_address(), owner or str(api.default_entity), name)
        for place in dict.fromkeys([home, *map(home.of, request.runs)]):
            ensure_project(api, place.entity, place.project)
        report = wr.Report(
            project=home.project,
            entity=home.entity,
            title=title[:LONGEST_TITLE],
            description=f"Made with {request.command}" if request.command else "",
            blocks=blocks(home),
            width="fluid",
        )
        report.id = known_id(request.file, home.entity, home.project)
        report.save()
    write_text(request.file, f"{home.entity}/{home.project}/{report.id}\n")
    return str(report.url)


def check_ready(request: ReportRequest) -> None:
    """Make sure that there is an account, and the library.

    Raises:
        NasHydraError: with what to type.
    """
    if find_spec("wandb_workspaces") is None:
        raise NasHydraError(
            f"{request.word}: W&B reports need wandb-workspaces; install it: pip install"
            " 'nas-hydra[reports]'"
        )
    if not has_account():
        raise NasHydraError(
            f"{request.word}: no W&B account found; log in and publish again:\n"
            f"  wandb login\n  {request.command}"
        )


@contextmanager
def _answering(request: ReportRequest) -> Iterator[None]:
    """Tell W&B's errors as ours.

    Raises:
        NasHydraError: if W&B does not answer, or refuses.
    """
    try:
        yield
    except (CommError, UsageError, WandbApiFailedError) as error:
        raise NasHydraError(
            f"{request.word}: W&B refuses or does not answer: {str(error).splitlines()[0]}\n"
            "The local report is written. Check the network and the account, and publish again:\n"
            f"  wandb login --relogin\n  {request.command}"
        ) from error


def home_of(request: ReportRequest) -> tuple[str | None, str]:
    """Entity and project: those given, else those of the runs; no entity is the account's own.

    Raises:
        NasHydraError: if no project is given and no run has one.
    """
    places = [run.split("/")[:-1] for run in request.runs]
    owners = [place[0] for place in places if len(place) > 1]
    if request.project is None and not places:
        raise NasHydraError(
            f"{request.word}: no run was tracked with W&B; name a project: {request.naming}"
        )
    return request.entity or next(iter(owners), None), request.project or places[0][-1]


def ensure_project(api: wandb.Api, entity: str, project: str) -> None:
    """Make the project, if it is not there: W&B refuses run sets of one that it does not know."""
    if project not in {known.name for known in api.projects(entity)}:
        api.create_project(project, entity)


def known_id(file: Path, entity: str, project: str) -> str:
    """The id of the report that was published before; empty if there is none there."""
    known = file.read_text("utf-8", errors="replace") if file.is_file() else ""
    place, _, key = known.strip().rpartition("/")
    return key if place == f"{entity}/{project}" else ""
