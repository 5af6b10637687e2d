"""Really measures a candidate, as the search did."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from nas_hydra.assemble import dry_pass
from nas_hydra.component import build
from nas_hydra.engine.numerics import pinned
from nas_hydra.engine.restoring import restored
from nas_hydra.errors import ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.explain.searched import Searched
from nas_hydra.record.data import files_told, told
from nas_hydra.search_space import Genotype

log = logging.getLogger(__name__)


class Training:
    """The search's own evaluator: its recipe, its epochs, its seed, and the validation split.

    Args:
        searched: whose evaluator it is.

    Raises:
        ConfigError: if it cannot be built, or its data are others by now, or not there any more.
    """

    def __init__(self, searched: Searched) -> None:
        self._searched = searched
        identity = searched.past.identity
        self._evaluator: Evaluator = build(identity["evaluator"], "evaluator")
        from nas_hydra.dataset.cache import doubt  # torch, which a table does without

        doubt()  # this process may have loaded images that have changed since
        self._evaluator.prepare(searched.space)
        self._threads = identity["engine"].get("threads") or 1
        check_data(searched, self._evaluator)

    def __call__(self, genotype: Genotype) -> float:
        """The objective's value.

        Raises:
            CandidateError: if the candidate cannot be trained.
        """
        searched = self._searched
        closes = self._evaluator.closes
        candidate = searched.space.close(genotype) if closes else genotype
        log.info("training %s", genotype.summary)
        with TemporaryDirectory() as folder, restored(), pinned(self._threads):
            found = self._evaluator.evaluate(candidate, 0, Path(folder) / "weights.ckpt")
        return found.metrics[searched.objective.name]


def check_data(searched: Searched, evaluator: Evaluator) -> None:
    """Make sure that what is measured now can be compared with what the search has measured.

    Raises:
        ConfigError: if the data has changed since.
    """
    identity = searched.past.identity
    dry_pass(searched.space, evaluator, identity["seed"])  # as the search did, which notes the data
    now = {"data": evaluator.data, "files": evaluator.files}
    how = [*filter(None, [told(identity, now)]), *files_told(identity)]
    if how:
        exactly = evaluator.changed(searched.past.folder) or "; ".join(how)
        raise ConfigError(
            "train",
            f"cannot be done as the search did, since its data has changed: {exactly}. Give the"
            " data of the search, or leave train=true out",
        )
