"""The loop: ask, evaluate, record, tell, until the budget is spent."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, as_completed, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from numpy.random import default_rng

from nas_hydra.checkpoints import Checkpoints
from nas_hydra.engine import Engine, Job
from nas_hydra.errors import ConfigError, SearchFailedError, exit_code
from nas_hydra.evaluator import Evaluator
from nas_hydra.front import Front
from nas_hydra.record import Record
from nas_hydra.run import Run, weights_file
from nas_hydra.search_space import SearchSpace
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.base import Ending, ended_by, needed_by
from nas_hydra.tracker import Tracker
from nas_hydra.trial import Proposal, Trial, duplicate, measured

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pending:
    """A proposal whose trial is not told yet; ``recorded`` if an earlier process finished it."""

    proposal: Proposal
    future: Future[Trial]
    recorded: bool

    @property
    def number(self) -> int:
        """The proposal's number."""
        return self.proposal.number


@dataclass
class Search:
    """One search: its parts, and the trials told so far.

    Args:
        run: what it is.
        space: what can be chosen.
        strategy: proposes.
        evaluator: measures.
        engine: where it is measured, and how many may be pending.
        record: what is finished.
        trackers: who watches.
        repeats: how often a candidate that was told may be evaluated again.
        summarize: what ``summary.json`` says of the trials, their front, how many candidates the
            space has rejected, how many bytes checkpoints have taken at most, and by what the
            search has ended.
        checkpoints: of trainings that may go on; None if every training is a whole one.
    """

    run: Run
    space: SearchSpace
    strategy: Strategy
    evaluator: Evaluator
    engine: Engine
    record: Record
    trackers: Sequence[Tracker]
    repeats: int
    summarize: Callable[[Run, Sequence[Trial], Front, int, int, str | None], dict[str, Any]]
    checkpoints: Checkpoints | None = None
    told: list[Trial] = field(default_factory=list, init=False)
    front: Front = field(init=False)
    _pending: deque[Pending] = field(default_factory=deque, init=False)
    _replayed: deque[int] = field(default_factory=deque, init=False)
    _evaluated: dict[tuple[str, int], list[Trial]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.front = Front(self.run.objectives)

    def __call__(self) -> dict[str, Any]:
        """Search until the budget is spent or the space is exhausted.

        Returns:
            What ``summary.json`` holds.

        Raises:
            SearchFailedError: if no trial was completed.
        """
        self.begin()
        try:
            self.engine.start(self.evaluator)
            while self.propose() is not None:
                pass
            while self._pending:
                self.tell()
        except BaseException as error:
            self._abandon(exit_code(error))
            raise
        summary = self.summary()
        self.finish(summary, 0 if self.front.members else 1)
        if not self.front.members:
            raise SearchFailedError(_failure(self.told))
        return summary

    def begin(self) -> None:
        """Let the trackers begin, keep what the data is, and look at what is recorded."""
        for tracker in self.trackers:
            tracker.start(self.run)
        self.evaluator.remember(self.run.folder)
        most = self.run.trials
        self._replayed.extend(n for n in self.record.numbers if most is None or n < most)

    def propose(self) -> Pending | None:
        """Ask for the next proposal and begin its trial; None if no more is to come."""
        number = len(self.told) + len(self._pending)
        proposal = self._ask(number)
        if proposal is None:
            if self.ended and self.ended.by != "budget.trials":  # which is what one expects
                log.info("%s after %d", self.ended.why, number)
            return None
        self._pending.append(self._begin(proposal))
        return self._pending[-1]

    def tell(self) -> None:
        """Tell the pending trial whose turn it is, once it is finished and recorded."""
        pending = self._oldest() if self.engine.order == "asked" else self._earliest()
        trial = pending.future.result()
        self.record.add(trial)
        self._pending.remove(pending)
        self._take(trial)
        self.strategy.tell(trial)
        for tracker in self.trackers:
            tracker.tell(trial, self.front, pending.recorded)
        if self.checkpoints:
            pending_ones = (one.proposal for one in self._pending)
            self.checkpoints.keep(needed_by(self.strategy), self.told, pending_ones)

    def summary(self) -> dict[str, Any]:
        """What ``summary.json`` holds."""
        largest = self.checkpoints.largest if self.checkpoints else 0
        ended = None if self.ended is None else self.ended.by
        return self.summarize(self.run, self.told, self.front, self.space.rejected, largest, ended)

    @property
    def ended(self) -> Ending | None:
        """Why it has ended; None while it goes on."""
        return ended_by(self.strategy)

    def finish(self, summary: Mapping[str, Any] | None, code: int) -> None:
        """Let go of the engine, and let each tracker end, also where another one cannot.

        See ``Tracker.finish``.
        """
        with ExitStack() as ending:  # calls the last one first
            for tracker in reversed(self.trackers):
                ending.callback(tracker.finish, summary, code)
            ending.callback(self.engine.shutdown)

    def _abandon(self, code: int) -> None:
        """End everything; what stopped the search is told, and not what it has led to since."""
        try:
            self.finish(None, code)
        except Exception:
            log.debug("nor can the search end in order", exc_info=True)

    def _ask(self, number: int) -> Proposal | None:
        """The next proposal, asked when exactly so many trials are told as ``ahead`` demands."""
        while len(self._pending) >= self.engine.ahead:
            self.tell()
        while True:
            proposal = self.strategy.ask(number, default_rng((self.run.seed, number)))
            if proposal is not None or not self._pending:
                return proposal
            self.tell()

    def _begin(self, proposal: Proposal) -> Pending:
        """Look the trial up in the record, among the told, or have it evaluated."""
        recorded = self.record.find(proposal)
        if recorded is not None:
            return Pending(proposal, finished(recorded), recorded=True)
        if proposal.known is not None:
            imported = measured(proposal, proposal.known, self.run.objectives, seconds=0.0)
            return Pending(proposal, finished(imported), recorded=False)
        earlier = self._evaluated.get((proposal.genotype.key, proposal.fidelity.level), [])
        if len(earlier) > self.repeats:
            known = finished(duplicate(proposal, earlier[0]))
            return Pending(proposal, known, recorded=False)
        genotype = proposal.genotype
        job = Job(
            self.run.objectives,
            proposal,
            self.space.close(genotype) if self.evaluator.closes else genotype,
            len(earlier),
            weights_file(self.run.folder, proposal.number),
            self.checkpoints.course(proposal, self.told) if self.checkpoints else None,
        )
        return Pending(proposal, self.engine.submit(job), recorded=False)

    def _oldest(self) -> Pending:
        """The trial that was asked first; whatever is finished before it is recorded."""
        oldest = self._pending[0]
        for future in as_completed([pending.future for pending in self._pending]):
            self.record.add(future.result())
            if future is oldest.future:
                break
        return oldest

    def _earliest(self) -> Pending:
        """The trial that is finished first.

        Each is recorded right before it is told, so the record's order is the order of telling,
        and a resumed search tells what is recorded in that order.
        """
        if not self._replayed:
            wait([pending.future for pending in self._pending], return_when=FIRST_COMPLETED)
            return next(pending for pending in self._pending if pending.future.done())
        number = self._replayed.popleft()
        for pending in self._pending:
            if pending.number == number:
                return pending
        raise ConfigError(
            "folder",
            f"holds a record in which trial {number} was finished out of turn; it was made with"
            " another engine.order or engine.ahead. Start in a new folder",
        )

    def _take(self, trial: Trial) -> None:
        """Count a trial in."""
        self.told.append(trial)
        self.front.add(trial)
        if trial.duplicate_of is None:
            self._evaluated.setdefault((trial.key, trial.level), []).append(trial)


def finished(trial: Trial) -> Future[Trial]:
    """A future that has its result."""
    future: Future[Trial] = Future()
    future.set_result(trial)
    return future


def _failure(trials: Sequence[Trial]) -> str:
    """Why a search without a complete trial came to nothing."""
    reason, times = Counter(trial.error for trial in trials).most_common(1)[0]
    return f"none of {len(trials)} trials was completed; {times} of them: {reason}"
