"""What W&B reports about searches are made of; needs wandb-workspaces, which is optional."""

from collections.abc import Mapping, Sequence
from typing import Any

import wandb_workspaces.reports.v2 as wr
from wandb_workspaces.expr import Metric

from nas_hydra.tracker.wandb_report import Home, run_id

AXES: Mapping[str, str] = {
    **{"trials": "trial", "epochs": "cost/epochs"},
    **{"seconds": "cost/seconds", "cost": "cost/spent"},
}
"""What a curve runs over -> the metric of the W&B history that does."""


def runsets(
    runs: Sequence[str], home: Home, name: str, groupby: Sequence[str] = ()
) -> list[wr.Runset]:
    """Runs for a panel grid, a set for each project that they are in.

    Args:
        runs: their paths.
        home: of the report.
        name: of the sets.
        groupby: keys of the runs' config.
    """
    places: dict[Home, list[str]] = {}
    for run in runs:
        places.setdefault(home.of(run), []).append(run_id(run))
    return [
        wr.Runset(
            entity=place.entity,
            project=place.project,
            name=name,
            filters=[Metric("ID").isin(keys)],
            groupby=[f"config.{key}" for key in groupby],
        )
        for place, keys in places.items()
    ]


def curve(metric: str, axis: str, title: str, **more: Any) -> wr.LinePlot:
    """A metric along an axis of ``AXES``."""
    size = wr.Layout(w=12, h=8)
    return wr.LinePlot(title=title, x=AXES[axis], y=[metric], title_x=axis, layout=size, **more)


def linked(run: str, home: Home, name: str, about: str) -> list[Any]:
    """A line with a run's page and its files.

    Args:
        run: its path.
        home: of the report.
        name: of the run.
        about: what is said of it.
    """
    files = wr.Link(text="winner and record", url=home.artifact(run))
    return [wr.Link(text=name, url=home.run(run)), f" {about}; ", files]
