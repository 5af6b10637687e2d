"""The files of a run's folder, written as the search goes on."""

import csv
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from omegaconf import OmegaConf

from nas_hydra.report.candidate_picture import candidate_picture
from nas_hydra.report.picture import PictureError, save
from nas_hydra.run import Run, weights_file
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)

FACTS = ("number", "state", "key", "origin", "parents", "epochs", "seconds")


class RunFiles:
    """A tracker that writes the table of trials, the winner's files and the summary.

    ``trials.csv``, ``best.yaml`` and ``best.ckpt`` are up to date after every trial; ``best.svg``
    is drawn when the search ends or is interrupted. A resumed search writes them anew from its
    record.

    Args:
        space: closes the winner's genotype.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._best: Trial | None = None

    def start(self, run: Run) -> None:
        """Begin the table of trials."""
        self._run = run
        self._stream: IO[str] = (run.folder / "trials.csv").open("w", newline="")
        self._table = csv.writer(self._stream)
        self._table.writerow([*FACTS, *run.measures, *run.genes, "error"])
        weights_file(run.folder, 0).parent.mkdir(exist_ok=True)

    def tell(self, trial: Trial, best: Trial | None, recorded: bool) -> None:
        """Add a row; keep the weights and the config of a new winner, drop other weights."""
        self._table.writerow(row(self._run, trial))
        self._stream.flush()
        weights = weights_file(self._run.folder, trial.number)
        if trial is not best:
            weights.unlink(missing_ok=True)
            return
        self._best = trial
        if weights.exists():  # not if an earlier process has moved them already
            os.replace(weights, self._run.folder / "best.ckpt")
        winner = OmegaConf.create(self._space.close(trial.proposal.genotype))
        replace(self._run.folder / "best.yaml", OmegaConf.to_yaml(winner))

    def finish(self, summary: Mapping[str, Any] | None, exit_code: int) -> None:
        """Draw the best candidate; write the summary, if the search got that far."""
        self._stream.close()
        if self._best is not None:
            self._draw(self._best)
        if summary is None:
            return
        replace(self._run.folder / "summary.json", json.dumps(summary, indent=2) + "\n")
        weights_file(self._run.folder, 0).parent.rmdir()

    def _draw(self, best: Trial) -> None:
        """A picture is a help; a search does not fail for the want of one."""
        if "model" not in self._space.close(best.proposal.genotype):
            return  # the search is for something else than a network
        title = f"trial {best.number} of {self._run.name}"
        try:
            picture = candidate_picture(self._space, best.proposal.genotype, title)
            save(picture, self._run.folder, "best", formats=("svg",))
        except PictureError as error:
            log.warning("no best.svg: %s", error)


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


def replace(file: Path, text: str) -> None:
    """Write a whole file in one step, so that nobody ever reads half of it."""
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text)
    os.replace(fresh, file)


def read_summary(folder: Path) -> dict[str, Any] | None:
    """What a finished search wrote; None if it is not there."""
    file = folder / "summary.json"
    return json.loads(file.read_text()) if file.exists() else None
