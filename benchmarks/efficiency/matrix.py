"""Strategies x tasks x seeds x pending, each run once: in parallel, and resumable."""

import json
import multiprocessing
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from time import monotonic, process_time
from typing import Generic, NamedTuple, TypeVar

from efficiency.config import code, digest, settings, strategy_of
from efficiency.loop import Improvement, Loop
from efficiency.task import TASKS

SHOWN = 30.0
"""Seconds between two lines about how far it is."""

Value = TypeVar("Value")


class Case(NamedTuple):
    """What is run once; ``config`` tells the strategy's settings from others of its name."""

    strategy: str
    config: str
    task: str
    seed: int
    pending: int
    budget: int


@dataclass(frozen=True)
class Run:
    """A finished search.

    Args:
        case: what was run.
        improvements: its incumbents; from the last one on nothing got better.
        evaluations: how many there were; fewer than the budget if the optimum was found.
        proposals: how many there were, those that were known included.
        seconds: of one processor that the search took, however busy the machine was.
        late: milliseconds per proposal at its end.
        code: the state of the code.
    """

    case: Case
    improvements: Sequence[Improvement]
    evaluations: int
    proposals: int
    seconds: float
    late: float
    code: str

    def line(self) -> str:
        """As JSON."""
        facts = {**vars(self), **self.case._asdict()}
        del facts["case"]
        return json.dumps(facts) + "\n"


def read(line: str) -> Run:
    """The run of a line of JSON."""
    found = json.loads(line)
    case = Case(**{name: found.pop(name) for name in Case._fields})
    improvements = [Improvement(*one) for one in found.pop("improvements")]
    return Run(case, improvements, **found)


@dataclass(frozen=True)
class PerStrategy(Generic[Value]):
    """A value for all strategies, and others for some."""

    usual: Value
    special: Mapping[str, Value]

    def __getitem__(self, strategy: str) -> Value:
        return self.special.get(strategy, self.usual)


def cases(
    strategies: Sequence[str],
    tasks: Sequence[str],
    seeds: PerStrategy[range],
    pending: Sequence[int],
    budget: PerStrategy[int],
) -> list[Case]:
    """Every case, seed by seed, so that a matrix that is interrupted is even."""
    found = [
        Case(name, digest(name, ahead, budget[name]), task, seed, ahead, budget[name])
        for name, task, ahead in product(strategies, tasks, pending)
        for seed in seeds[name]
    ]
    return sorted(found, key=lambda case: case.seed)


def search(case: Case) -> Run:
    """Run one case in this process."""
    task = TASKS[case.task](case.seed)
    given = settings(case.strategy, case.seed, case.pending, case.budget)
    begin = process_time()
    loop = Loop(strategy_of(given, task.space), task, case.seed, case.pending, case.budget)
    loop()
    seconds = round(process_time() - begin, 3)
    proposals, late = len(loop.moments), round(loop.late, 3)
    return Run(case, loop.improvements, loop.evaluations, proposals, seconds, late, code())


def attempt(case: Case) -> Run | str:
    """The run of a case, or in a line why there is none: not every error crosses processes."""
    try:
        return search(case)
    except Exception as error:  # noqa: BLE001  one strategy that fails does not end the others
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{case}: {type(error).__name__}: {error} ({where.filename}:{where.lineno})"


class Results:
    """Finished runs in a file, one line each, written the moment they are finished.

    Args:
        file: is made if need be. A line that an interruption tore is ended and passed over.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text() if file.exists() else ""
        self._file = file
        self.runs = {run.case: run for run in map(read, filter(_whole, text.splitlines()))}
        if text and not text.endswith("\n"):
            self._append("\n")

    def forget(self, cases: Iterable[Case]) -> None:
        """Remove what is known of these cases, in one step."""
        for case in cases:
            self.runs.pop(case, None)
        fresh = self._file.with_suffix(".tmp")
        fresh.write_text("".join(run.line() for run in self.runs.values()))
        fresh.replace(self._file)

    def add(self, run: Run) -> None:
        """Keep a run."""
        self.runs[run.case] = run
        self._append(run.line())

    def of(self, cases: Iterable[Case]) -> list[Run]:
        """The runs of those of the cases that are finished."""
        return [self.runs[case] for case in cases if case in self.runs]

    def _append(self, text: str) -> None:
        with self._file.open("a") as file:
            file.write(text)


def _whole(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")


def measure(cases: Sequence[Case], results: Results, workers: int) -> list[str]:
    """Run what is not finished.

    Returns:
        What went wrong, in a line per case.
    """
    missing = [case for case in cases if case not in results.runs]
    print(f"{len(cases)} runs, {len(missing)} of them to do", flush=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        futures = [pool.submit(attempt, case) for case in missing]
        try:
            return list(_kept(futures, results))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _kept(futures: Sequence[Future[Run | str]], results: Results) -> Iterator[str]:
    """Keep each run as it is finished, and tell of those that failed."""
    begin = shown = monotonic()
    for done, future in enumerate(as_completed(futures), start=1):
        outcome = future.result()
        if isinstance(outcome, str):
            yield outcome
        else:
            results.add(outcome)
        if monotonic() - shown > SHOWN:
            shown = monotonic()
            rest = (shown - begin) * (len(futures) - done) / done
            print(f"{done} of {len(futures)} runs, {rest / 60:.0f} minutes to go", flush=True)
