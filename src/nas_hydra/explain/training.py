"""Really measures a candidate, as the search did."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from nas_hydra.component import build
from nas_hydra.engine.numerics import pinned
from nas_hydra.engine.restoring import restored
from nas_hydra.evaluator import Evaluator
from nas_hydra.explain.searched import Searched
from nas_hydra.search_space import Genotype

log = logging.getLogger(__name__)


class Training:
    """The search's own evaluator: its recipe, its epochs, its seed, and the validation split.

    Args:
        searched: whose evaluator it is.

    Raises:
        ConfigError: if it cannot be built, or its data are not there any more.
    """

    def __init__(self, searched: Searched) -> None:
        self._searched = searched
        identity = searched.past.identity
        self._evaluator: Evaluator = build(identity["evaluator"], "evaluator")
        self._evaluator.prepare(searched.space)
        self._threads = identity["engine"].get("threads") or 1

    def __call__(self, genotype: Genotype) -> float:
        """The objective's value.

        Raises:
            CandidateError: if the candidate cannot be trained.
        """
        searched = self._searched
        candidate = searched.space.close(genotype) if searched.builds else genotype
        log.info("training %s", genotype.summary)
        with TemporaryDirectory() as folder, restored(), pinned(self._threads):
            found = self._evaluator.evaluate(candidate, 0, Path(folder) / "weights.ckpt")
        return found.metrics[searched.objective.name]
