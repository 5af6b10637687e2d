"""What every evaluator can do."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from nas_hydra.trial import Evaluation


class Evaluator(Protocol):
    """Turns a candidate's closed config into metrics."""

    metrics: Sequence[str]
    """Names of everything that it measures."""

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Make sure, without training, that a candidate can work.

        Raises:
            CandidateError: if this one cannot.
            ConfigError: if none can.
        """

    def evaluate(self, candidate: Mapping[str, Any], repeat: int, weights: Path) -> Evaluation:
        """Measure a candidate.

        Args:
            candidate: its closed config; must not be changed.
            repeat: how many evaluations of it came before: another one, another seed.
            weights: where to put the trained weights, if there are any.

        Raises:
            CandidateError: if the candidate cannot be built or trained.
        """

    def share(self) -> Any:
        """What the workers of a pool need of this process, given to each by ``adopt``.

        Called once, after ``check`` and before any worker is there. It must be picklable by
        ``torch.multiprocessing``, whose tensors in shared memory are not copied. None is nothing.
        """

    def adopt(self, shared: Any) -> None:
        """Take over, in a worker and before anything is evaluated there, what ``share`` gave."""
