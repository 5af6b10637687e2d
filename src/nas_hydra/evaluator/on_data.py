"""What evaluators share that train on data: its stage, and what is noted of it."""

from collections.abc import Mapping
from copy import copy
from pathlib import Path
from typing import Any, Self

from nas_hydra.dataset import Stage
from nas_hydra.dataset.cache import adopt, share
from nas_hydra.dataset.data import Noted
from nas_hydra.evaluator.base import Evaluator
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.evaluator.same_data import same_data
from nas_hydra.search_space import SearchSpace


class OnData(Evaluator):
    """Knows which data its candidates are trained on.

    Args:
        seed: of everything that is drawn in a training, plus the number of earlier evaluations of
            the same candidate.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stage: Stage = "search"
        self._alike = True
        self._noted: Noted | None = None

    @property
    def data(self) -> Mapping[str, Any] | None:
        """What is noted of it."""
        return None if self._noted is None else self._noted.data

    def remember(self, folder: Path) -> None:
        """Keep which rows the search sees; unless candidates differ in them."""
        if self._noted is not None and self._alike:
            self._noted.save(folder)

    def changed(self, folder: Path) -> str:
        """Which rows are others than those that were kept there."""
        return "" if self._noted is None else self._noted.changed(folder)

    def at(self, stage: str) -> Self:
        """The same for another stage."""
        evaluator = copy(self)
        evaluator._stage = stage  # type: ignore[assignment]  # one of these three
        return evaluator

    def prepared(self, candidate: Mapping[str, Any]) -> Prepared:
        """A candidate that knows what is made of it; one that does is handed on."""
        known = isinstance(candidate, Prepared) and candidate.stage == self._stage
        return candidate if known else Prepared(candidate, self._stage)  # type: ignore[return-value]

    def prepare(self, space: SearchSpace) -> None:
        """See whether all candidates have the same data."""
        self._alike = same_data(space)

    def share(self) -> Any:
        """The datasets in memory, in shared memory."""
        return share()

    def adopt(self, shared: Any) -> None:
        """Use the parent's datasets as they are."""
        adopt(shared)
