"""The record that is lost with its process."""

from collections.abc import Mapping, Sequence
from typing import Any

from nas_hydra.objective import Objective
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Proposal, Trial


class MemoryRecord:
    """Keeps the trials themselves: for benchmarks, where nobody reads or resumes a run.

    Args:
        space: is not needed.
        objectives: are not needed.
        identity: is not needed, since the run is always this process's own.
    """

    def __init__(
        self, space: SearchSpace, objectives: Sequence[Objective], identity: Mapping[str, Any]
    ) -> None:
        self._trials: dict[int, Trial] = {}

    def find(self, proposal: Proposal) -> Trial | None:
        """The outcome of a proposal of this process."""
        return self._trials.get(proposal.number)

    def add(self, trial: Trial) -> None:
        """Keep a trial."""
        self._trials.setdefault(trial.number, trial)

    def finish(self, budget: Mapping[str, Any]) -> None:
        """Nothing; nobody asks again."""

    def finished(self, budget: Mapping[str, Any]) -> bool:
        """Never: it begins empty."""
        return False

    @property
    def trials(self) -> list[Trial]:
        """The trials, in ask order."""
        return [self._trials[number] for number in sorted(self._trials)]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the trials, in the order in which they were added."""
        return list(self._trials)
