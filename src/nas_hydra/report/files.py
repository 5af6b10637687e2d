"""The files of a run's folder, the best trials' among them, written as the search goes on."""

import csv
import json
import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from omegaconf import OmegaConf

from nas_hydra.errors import listing
from nas_hydra.files.csv_cell import written
from nas_hydra.files.digest import digest_of_file
from nas_hydra.files.small_file import copy, make_folder, make_way, put, read_json, replace, unused
from nas_hydra.front import Front
from nas_hydra.masking import masked_file
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.formats import save
from nas_hydra.picture.front import front_picture
from nas_hydra.picture.sizes import layer_sizes
from nas_hydra.report.summary import Summary
from nas_hydra.report.trained import all_had, epochs_had
from nas_hydra.run import Run, weights_file
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Trial


class Winners:
    """Keeps the config and the trained weights of the best trial, and drops all other weights.

    With several objectives, each member of the front has ``pareto/NUMBER.yaml`` and
    ``pareto/NUMBER.ckpt`` as long as it is one, and ``best`` is ``Front.best``. Files of an earlier
    process are taken over: a resumed search tells its trials again.

    Args:
        run: whose folder it is.
        space: closes genotypes.

    Attributes:
        best: None while no trial is complete.
    """

    def __init__(self, run: Run, space: SearchSpace) -> None:
        self._folder, self._space = run.folder, space
        self._several = len(run.objectives) > 1
        self._members: set[int] = set()
        self._front: list[Trial] = []
        self.best: Trial | None = None
        self._waiting = weights_file(run.folder, 0).parent
        make_folder(self._waiting)
        if self._several:
            make_folder(self._member(0, "yaml").parent)

    def take(self, trial: Trial, front: Front) -> None:
        """Bring the files up to date with a trial that was told."""
        weights = weights_file(self._folder, trial.number)
        if self._several:
            weights = self._update(trial, front, weights)
        if front.best is not None and front.best is not self.best:
            self.best = front.best
            self._crown(self.best, weights)
        _drop(weights_file(self._folder, trial.number))

    def check(self) -> None:
        """Tell of weights that are not those that were trained: an earlier process has left them.

        They are kept, under another name.
        """
        kept = {self._folder / "best.ckpt": self.best}
        kept |= {self._member(trial.number, "ckpt"): trial for trial in self._front}
        for file, trial in kept.items():
            if trial is not None:
                check_weights(file, trial)

    def close(self) -> None:
        """Drop the folder in which weights have waited, unless somebody's files are in it.

        Those of trials beyond the budget are a larger one's, which an earlier process had.
        """
        try:
            self._waiting.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            left = listing(sorted(file.name for file in self._waiting.iterdir()), 5)
            log.info("%s is kept (%s): %s", self._waiting, error.strerror, left)

    def _update(self, trial: Trial, front: Front, weights: Path) -> Path:
        """Bring the front's folder up to date; where the weights of its best are then."""
        members = {member.number for member in front.members}
        for number in self._members - members:
            for kind in ("yaml", "ckpt"):
                _drop(self._member(number, kind))
        if trial.number in members:
            if weights.is_file():
                put(weights, self._member(trial.number, "ckpt"))
            self._write(trial, self._member(trial.number, "yaml"))
        self._members, self._front = members, list(front.members)
        return self._member(front.best.number, "ckpt") if front.best else weights

    def _crown(self, best: Trial, weights: Path) -> None:
        if weights.is_file():  # not if an earlier process has dropped them since
            copy(weights, self._folder / "best.ckpt")
        self._write(best, self._folder / "best.yaml")

    def _member(self, number: int, kind: str) -> Path:
        return self._folder / "pareto" / f"{number}.{kind}"

    def _write(self, trial: Trial, file: Path) -> None:
        config = masked_file(self._space.close(trial.proposal.genotype))
        replace(file, OmegaConf.to_yaml(OmegaConf.create(config)))


def check_weights(file: Path, trial: Trial) -> None:
    """See to it that a file holds a trial's weights, or has another name; and say so."""
    if trial.weights is None or not file.is_file() or digest_of_file(file) == trial.weights:
        return
    free = unused(file)
    os.rename(file, free)
    log.warning(
        "%s did not hold the weights that trial %d was trained to, and is %s now;"
        " nas-hydra-retrain trains that network again",
        *(file, trial.number, free.name),
    )


def _drop(file: Path) -> None:
    """Delete a file of ours; a folder of its name is somebody's."""
    if not file.is_dir():
        file.unlink(missing_ok=True)


log = logging.getLogger(__name__)

PARTIAL = ("fidelity", "continues", "inherits", "inherited")
"""Columns of a search whose trainings are not all whole ones: epochs that the network has had in
the end, the trials that it goes on from and inherits from, and the share of weights inherited."""
COST = "cost"
"""The column of a search whose costs are counted: what the trial has cost."""
FACTS = ("number", "state", "key", "origin", "parents", "epochs", *PARTIAL, COST, "seconds")
"""The first columns of ``trials.csv``."""
FACTS_ALWAYS = tuple(name for name in FACTS if name != COST)
"""Those that no metric may be called; ``cost`` only where costs are counted."""


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
        self._had: dict[int, int] = {}

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
        self._had[trial.number] = epochs_had(trial, self._had)
        cells = row(self._run, trial, self._had[trial.number])
        facts = len(facts_of(self._run))
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


def facts_of(run: Run) -> list[str]:
    """Those of ``FACTS`` that a search's table has."""
    left = {*(() if run.partial else PARTIAL), *(() if run.cost else (COST,))}
    return [name for name in FACTS if name not in left]


def columns(run: Run) -> list[str]:
    """The head of ``trials.csv``."""
    return [*facts_of(run), *run.measures, *run.genes, "error"]


def rows(run: Run, trials: Sequence[Trial]) -> list[list[Any]]:
    """The lines of ``trials.csv``, of trials in ask order."""
    had = all_had(trials)
    return [row(run, trial, had[trial.number]) for trial in trials]


def row(run: Run, trial: Trial, had: int) -> list[Any]:
    """A trial's line in ``trials.csv``; empty where a gene is inactive or nothing was measured.

    Args:
        run: whose trial it is.
        trial: to be told of.
        had: epochs that its network has had, see ``trained.epochs_had``.
    """
    proposal = trial.proposal
    measured = {**trial.metrics, **trial.values}
    return [
        trial.number,
        trial.state,
        trial.key,
        proposal.origin,
        " ".join(str(parent) for parent in proposal.parents),
        trial.epochs,
        *(partial_cells(trial, had) if run.partial else ()),
        *((trial.cost,) if run.cost else ()),
        round(trial.seconds, 3),
        *(measured.get(name) for name in run.measures),
        *(proposal.genotype.get(name) for name in run.genes),
        trial.error,
    ]


def partial_cells(trial: Trial, had: int) -> list[Any]:
    """A trial's cells below ``PARTIAL``; ``had`` as of ``row``."""
    fidelity = trial.proposal.fidelity
    return [had, fidelity.continues, fidelity.inherits, trial.inherited]


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
