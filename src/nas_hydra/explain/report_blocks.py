"""An explanation as the blocks of a W&B report: text, panels over the search's run, and links."""

import wandb_workspaces.reports.v2 as wr

from nas_hydra.explain.markdown import markdown
from nas_hydra.explain.result import Explanation
from nas_hydra.page import number
from nas_hydra.tracker.report_blocks import curve, linked, runsets
from nas_hydra.tracker.wandb_report import Block, Home


def blocks(found: Explanation, run: str | None, trained: bool, home: Home) -> list[Block]:
    """The whole report.

    Args:
        found: what is explained.
        run: path of the search's W&B run; None if it has none.
        trained: whether the search trained anything.
        home: of the report.
    """
    text = wr.MarkdownBlock(text=markdown(found))
    if run is None:
        return [text]
    won = f"trial {found.winner.trial} won with {found.objective} {number(found.winner.value)}"
    return [
        text,
        wr.H2(text="The search"),
        grid(found, run, trained, home),
        wr.UnorderedList(items=[linked(run, home, "the run", f"of {found.trials} trials: {won}")]),
    ]


def grid(found: Explanation, run: str, trained: bool, home: Home) -> wr.PanelGrid:
    """The best value by trials and, where something was trained, by epochs."""
    axes = ("trials", "epochs") if trained else ("trials",)
    best = f"best/{found.objective}"
    panels = [
        curve(best, axis, f"{found.objective} of the best trial so far, by {axis}") for axis in axes
    ]
    return wr.PanelGrid(runsets=runsets([run], home, "the search"), panels=panels)
