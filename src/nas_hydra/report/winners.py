"""The files of the best trials: ``best.yaml`` and ``best.ckpt``, and a folder for a whole front."""

import logging
import os
from pathlib import Path

from omegaconf import OmegaConf

from nas_hydra.errors import listing
from nas_hydra.files.digest import digest_of_file
from nas_hydra.files.small_file import copy, make_folder, put, replace, unused
from nas_hydra.front import Front
from nas_hydra.masking import masked_file
from nas_hydra.run import Run, weights_file
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Trial

log = logging.getLogger(__name__)


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
