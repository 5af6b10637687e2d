"""Evaluation by a function of the user's own."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from nas_hydra.config.component import locate
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.base import seeded
from nas_hydra.evaluator.code import code_digests, source_digests
from nas_hydra.evaluator.external import ExternalEvaluator, as_number, metrics_from, shown_value
from nas_hydra.evaluator.reporter import reporting
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Course, Evaluation

KEY = "evaluator.function"
OFFERED = ("seed", "repeat", "weights")
"""What a function may ask for by the names of its parameters."""
REPORTER = "reporter"
"""What it asks for, and is given, if it reports its epochs."""


class FunctionEvaluator(ExternalEvaluator):
    """Calls a function with the candidate's config: a dict of its own, with no choice left.

    It gives a number, which is the value of the only objective, or metric -> number, see
    ``metrics_from``. Whatever it raises is why its trial has failed. A function that has such
    parameters is also given the ``seed`` (with which Python's, numpy's and torch's generators are
    seeded, too), how often the candidate was evaluated before (``repeat``), and the path of a file
    for ``weights``, which it may write; those of the winner are kept as ``best.ckpt``.

    With ``epochs`` it is given a ``reporter``, see ``Reporter``: then what it reports of its last
    epoch counts, and what it returns is not looked at.

    Args:
        function: dotted name of what is called; each process imports it for itself.
        seed: of the first evaluation of a candidate; the next one has the next.
        report: further metrics, which the search does not look at.
        measure: metrics that the objective names.
        epochs: of a whole training, for a function that asks for a ``reporter``.
    """

    def __init__(
        self,
        function: str,
        seed: int,
        report: Sequence[str] = (),
        measure: Sequence[str] = (),
        epochs: int | None = None,
    ) -> None:
        super().__init__(seed, report, measure, epochs)
        self._name = function

    @property
    def files(self) -> Mapping[str, str]:
        """The function's module, and what that imports of the user's own: digests."""
        return {f"module {name}": found for name, found in source_digests([self._name]).items()}

    def prepare(self, space: SearchSpace) -> None:
        """Import the function, and see whether it takes a config and nothing that is unknown.

        Raises:
            ConfigError: if not.
        """
        super().prepare(space)
        function = locate(self._name, KEY)
        self._check_takes_config(function)
        if self._epochs is not None and REPORTER not in _names(function):
            problem = f"is {self._epochs}, and '{self._name}' has no parameter 'reporter', by which"
            problem = f"{problem} it would tell of its epochs; add it, or say evaluator.epochs=null"
            raise ConfigError("evaluator.epochs", problem)

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """What the function gives for a candidate.

        Raises:
            CandidateError: if that lacks what is wanted, or has no finite number for it.
            ConfigError: if it is neither a number nor a dict, which no candidate can help.
        """
        offered = {"seed": self._seed + repeat, "repeat": repeat, "weights": weights}
        if self._epochs is not None:
            with reporting(course, self._epochs, self.metrics) as reporter:
                if not reporter.should_stop:
                    self._call(candidate, {**offered, REPORTER: reporter})
                return reporter.evaluation()
        given = self._call(candidate, offered)
        if not isinstance(given, Mapping) and as_number(given) is None:
            problem = f"'{self._name}' gave {shown_value(given)}; a number or a dict of numbers"
            raise ConfigError(KEY, f"{problem} is needed")
        return Evaluation(metrics_from(given, self.metrics), epochs=0)

    def _call(self, candidate: Mapping[str, Any], offered: Mapping[str, Any]) -> Any:
        """What the function gives, handed what it asks for."""
        function = locate(self._name, KEY)
        more = {name: offered[name] for name in offered if name in _names(function)}
        try:
            with seeded(offered["seed"]):
                return function(deepcopy(candidate["model"]), **more)
        except ConfigError as error:  # of ours, in the user's hands: it is no mistake of the search
            raise CandidateError(str(error)) from error

    def _check_takes_config(self, function: Callable[..., Any]) -> None:
        """Make sure that a function can be called as it will be."""
        offered = OFFERED if self._epochs is None else (*OFFERED, REPORTER)
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            return
        try:
            signature.bind({}, **{name: None for name in offered if name in _names(function)})
        except TypeError as error:
            more = "; evaluator.epochs=N brings the reporter" if "'reporter'" in str(error) else ""
            raise ConfigError(
                KEY,
                f"'{self._name}' takes {signature}: {error}; it must take the config, a dict, and"
                f" may ask for {', '.join(offered)} by these names{more}",
            ) from None

    def identity(self, candidate: Mapping[str, Any], repeat: int = 0) -> Mapping[str, Any]:
        """Everything that the function's outcome depends on, as far as its code tells."""
        return {
            **super().identity(candidate, repeat),
            "function": self._name,
            "seed": self._seed + repeat,
            "code": code_digests([type(self).__module__, self._name]),
        }


def _names(function: Callable[..., Any]) -> list[str]:
    """The parameters of a function after its first one, which is the config."""
    try:
        return list(inspect.signature(function).parameters)[1:]
    except (TypeError, ValueError):  # written in C, without a signature to read
        return []
