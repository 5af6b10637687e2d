"""What every record can do."""

from collections.abc import Mapping
from typing import Any, Protocol

from nas_hydra.trial import Proposal, Trial


class Record(Protocol):
    """Finished trials by number; the one source of truth of a run.

    A record is built with ``space``, ``objectives`` and ``identity``, the part of the config that
    decides which trials the run has, beside its own settings.
    """

    def find(self, proposal: Proposal) -> Trial | None:
        """The recorded outcome of a proposal.

        Raises:
            ConfigError: if the record has another candidate under that number.
        """

    def add(self, trial: Trial) -> None:
        """Write a trial; one whose number is there already changes nothing."""

    def finish(self, budget: Mapping[str, Any]) -> None:
        """Note that the run has spent this budget."""

    def finished(self, budget: Mapping[str, Any]) -> bool:
        """Whether the run has spent this very budget before."""

    @property
    def trials(self) -> list[Trial]:
        """The recorded trials, in ask order."""

    @property
    def numbers(self) -> list[int]:
        """The numbers of the recorded trials, in the order in which they were added."""
