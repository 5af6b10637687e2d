"""The files of a run's folder, written as the search goes on."""

import csv
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from nas_hydra.files.csv_cell import written
from nas_hydra.files.small_file import make_way, read_json, replace
from nas_hydra.front import Front
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.formats import save
from nas_hydra.picture.front import front_picture
from nas_hydra.picture.sizes import layer_sizes
from nas_hydra.report.summary import Summary
from nas_hydra.report.winners import Winners
from nas_hydra.run import Run
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)

FACTS = ("number", "state", "key", "origin", "parents", "epochs", "seconds")


class RunFiles:
    """A tracker that writes the table of trials, the winner's files and the summary.

    ``trials.csv`` and the files of ``Winners`` are up to date after every trial; ``best.svg``, and
    with several objectives ``pareto.svg``, are drawn when the search ends or is interrupted. A
    resumed search writes them anew from its record.

    Args:
        space: closes the winner's genotype.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._told: list[Trial] = []

    def start(self, run: Run) -> None:
        """Begin the table of trials."""
        self._run = run
        file = run.folder / "trials.csv"
        make_way(file)
        self._stream: IO[str] = file.open("w", newline="", encoding="utf-8")
        self._table = csv.writer(self._stream)
        self._table.writerow(written(name, known=True) for name in columns(run))
        self._winners = Winners(run, self._space)

    def tell(self, trial: Trial, front: Front, recorded: bool) -> None:
        """Add a row; keep the files of the best trials."""
        cells, facts = row(self._run, trial), len(FACTS)
        self._table.writerow(written(cell, known=n < facts) for n, cell in enumerate(cells))
        self._stream.flush()
        self._winners.take(trial, front)
        self._told.append(trial)
        self._front = front

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """Draw the best candidate and the front; write the summary, if the search got that far."""
        self._stream.close()
        self._winners.check()
        if self._winners.best is not None:
            self._draw(self._winners.best)
        if self._winners.best is not None and len(self._run.objectives) > 1:
            title = f"the front of {self._run.name}"
            picture = front_picture(self._told, self._front, self._run.objectives, title)
            save(picture, self._run.folder, "pareto", formats=("svg",))
        if summary is None:
            return
        replace(self._run.folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        self._winners.close()

    def _draw(self, best: Trial) -> None:
        closed = self._space.close(best.proposal.genotype)
        if "model" not in closed:
            return  # the search is for something else than a network
        title = f"trial {best.number} of {self._run.name}"
        sizes = layer_sizes(closed) if best.epochs else {}  # else nothing was trained: in a table
        picture = candidate_picture(self._space, best.proposal.genotype, title, sizes)
        save(picture, self._run.folder, "best", formats=("svg",))


def columns(run: Run) -> list[str]:
    """The head of ``trials.csv``."""
    return [*FACTS, *run.measures, *run.genes, "error"]


def row(run: Run, trial: Trial) -> list[Any]:
    """A trial's line in ``trials.csv``; empty where a gene is inactive or nothing was measured."""
    proposal = trial.proposal
    measured = {**trial.metrics, **trial.values}
    return [
        trial.number,
        trial.state,
        trial.key,
        proposal.origin,
        " ".join(str(parent) for parent in proposal.parents),
        trial.epochs,
        round(trial.seconds, 3),
        *(measured.get(name) for name in run.measures),
        *(proposal.genotype.get(name) for name in run.genes),
        trial.error,
    ]


def read_summary(folder: Path) -> dict[str, Any] | None:
    """What a finished search wrote; None if it is not there, or damaged."""
    known = read_json(folder / "summary.json", Summary)
    return known.model_dump(exclude_unset=True) if known else None


def read_own_summary(run: Run) -> dict[str, Any] | None:
    """What this search wrote when it was finished; None if it is not there, or damaged."""
    known = read_summary(run.folder)
    if known is None or tells(known, run):
        return known
    log.warning("summary.json tells no winner of this search, so it counts as missing")
    return None


def tells(summary: Mapping[str, Any], run: Run) -> bool:
    """Whether a summary has what a search of these objectives is judged by."""
    names = [objective.name for objective in run.objectives]
    values = summary["best"]["values"] if summary["best"] else {}
    return all(name in values for name in names) and (len(names) == 1 or "hypervolume" in summary)
