"""What evaluators share that hand a candidate to code of the user's own."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from nas_hydra.errors import CandidateError, ConfigError, cut, listing, nearest
from nas_hydra.evaluator.base import Evaluator
from nas_hydra.report.files import FACTS_ALWAYS
from nas_hydra.search_space import SearchSpace


class ExternalEvaluator(Evaluator):
    """Hands over what ``search_space.model`` is closed to, which is all that a candidate is.

    What is measured is known only by evaluating, so the names of the objective are taken at their
    word: a candidate of which one of them is not told has failed.

    Args:
        seed: for whoever asks; each further evaluation of one candidate has the next one.
        report: further metrics, which the search does not look at.
        measure: metrics that the objective names.
        epochs: of a whole training, for code that reports its epochs; None if it does not.

    Raises:
        ConfigError: if there is none.
    """

    builds = False
    levelled_by = "evaluator.epochs=N, and let your code report each of them"

    def __init__(
        self,
        seed: int,
        report: Sequence[str] = (),
        measure: Sequence[str] = (),
        epochs: int | None = None,
    ) -> None:
        self._seed, self._report, self._measure = seed, report, measure
        self._epochs = epochs
        if epochs is not None and epochs < 1:
            raise ConfigError("evaluator.epochs", f"is {epochs}; at least 1 is needed, or null")

    @property
    def levels(self) -> Sequence[int]:
        """Every epoch, if it is known how many there are."""
        return range(1, (self._epochs or 0) + 1)

    @property
    def metrics(self) -> Sequence[str]:
        """What the objective names, then what else is to be reported."""
        return list(dict.fromkeys([*self._measure, *self._report]))

    def prepare(self, space: SearchSpace) -> None:
        """See whether there is something to measure, and nothing that nobody would read.

        Raises:
            ConfigError: if not.
        """
        if not self._measure:
            problem = "names no metric; say which one, and which way is better"
            raise ConfigError("objective", f"{problem}: objective.loss=minimize")
        if "dataset" in space.parts:
            problem = "is read by nobody here, where your own code finds its data; leave it out"
            raise ConfigError("dataset", problem)
        for name in self.metrics:
            if name in (*FACTS_ALWAYS, "error", *(gene.name for gene in space.genes)):
                key = f"objective.{name}" if name in self._measure else "evaluator.report"
                problem = f"'{name}' is a column of trials.csv already; rename the metric"
                raise ConfigError(key, problem)


def metrics_from(given: Any, wanted: Sequence[str]) -> dict[str, float]:
    """The metrics in what the user's code has given.

    Args:
        given: a number, which is the value of the only metric that is wanted; or name -> number.
            Arrays and tensors without dimensions are numbers. Of a mapping, what is no number is
            left out, unless it is wanted.
        wanted: metrics that must be there, each a finite number.

    Raises:
        CandidateError: if they are not, with what was given.
    """
    if not isinstance(given, Mapping):
        return {_only(given, wanted): _finite(given, "")}
    for name in wanted:
        if name not in given:
            problem = f"'{name}' is not among what it gave: {listing(given)}"
            raise CandidateError(problem + nearest(name, given))
    numbers = {str(name): as_number(value) for name, value in given.items() if name not in wanted}
    others = {name: value for name, value in numbers.items() if value is not None}
    return {name: _finite(given[name], f"as '{name}' ") for name in wanted} | others


def _only(given: Any, wanted: Sequence[str]) -> str:
    """The name of a value that comes without one."""
    if len(wanted) > 1:
        needed = f"a dict that has {listing(wanted)} is needed"
        raise CandidateError(f"it gave {shown_value(given)}; {needed}")
    return wanted[0]


def _finite(value: Any, place: str) -> float:
    number = as_number(value)
    if number is None:
        needed = "a number" if place else "a number or a dict of numbers"
        raise CandidateError(f"it gave {place}{shown_value(value)}; {needed} is needed")
    if not math.isfinite(number):
        raise CandidateError(f"it gave {place}{number}, which is no finite number")
    return number


def as_number(value: Any) -> float | None:
    """A value as a number; None if it is none."""
    value = value.item() if getattr(value, "ndim", None) == 0 else value
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else None


def shown_value(value: Any) -> str:
    """``the str 'good'``, or that there is nothing."""
    text = cut(repr(value), 100)
    return "nothing (None)" if value is None else f"the {type(value).__name__} {text}"
