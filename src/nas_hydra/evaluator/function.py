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
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Course, Evaluation

KEY = "evaluator.function"
OFFERED = ("seed", "repeat", "weights")
"""What a function may ask for by the names of its parameters."""


class FunctionEvaluator(ExternalEvaluator):
    """Calls a function with the candidate's config: a dict of its own, with no choice left.

    It gives a number, which is the value of the only objective, or metric -> number, see
    ``metrics_from``. Whatever it raises is why its trial has failed. A function that has such
    parameters is also given the ``seed`` (with which Python's, numpy's and torch's generators are
    seeded, too), how often the candidate was evaluated before (``repeat``), and the path of a file
    for ``weights``, which it may write; those of the winner are kept as ``best.ckpt``.

    Args:
        function: dotted name of what is called; each process imports it for itself.
        seed: of the first evaluation of a candidate; the next one has the next.
        report: further metrics, which the search does not look at.
        measure: metrics that the objective names.
    """

    def __init__(
        self, function: str, seed: int, report: Sequence[str] = (), measure: Sequence[str] = ()
    ) -> None:
        super().__init__(seed, report, measure)
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
        _check_takes_config(locate(self._name, KEY), self._name)

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
        function, seed = locate(self._name, KEY), self._seed + repeat
        offered = {"seed": seed, "repeat": repeat, "weights": weights}
        more = {name: offered[name] for name in _asked(function)}
        try:
            with seeded(seed):
                given = function(deepcopy(candidate["model"]), **more)
        except ConfigError as error:  # of ours, in the user's hands: it is no mistake of the search
            raise CandidateError(str(error)) from error
        if not isinstance(given, Mapping) and as_number(given) is None:
            problem = f"'{self._name}' gave {shown_value(given)}; a number or a dict of numbers"
            raise ConfigError(KEY, f"{problem} is needed")
        return Evaluation(metrics_from(given, self.metrics), epochs=0)

    def identity(self, candidate: Mapping[str, Any], repeat: int = 0) -> Mapping[str, Any]:
        """Everything that the function's outcome depends on, as far as its code tells."""
        return {
            **super().identity(candidate, repeat),
            "function": self._name,
            "seed": self._seed + repeat,
            "code": code_digests([type(self).__module__, self._name]),
        }


def _asked(function: Callable[..., Any]) -> list[str]:
    """Which of ``OFFERED`` a function asks for; its first parameter is the config."""
    try:
        parameters = list(inspect.signature(function).parameters)[1:]
    except (TypeError, ValueError):  # written in C, without a signature to read
        return []
    return [name for name in OFFERED if name in parameters]


def _check_takes_config(function: Callable[..., Any], name: str) -> None:
    """Make sure that a function can be called as it will be."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return
    try:
        signature.bind({}, **dict.fromkeys(_asked(function)))
    except TypeError as error:
        raise ConfigError(
            KEY,
            f"'{name}' takes {signature}: {error}; it must take the config, a dict, and may ask"
            f" for {', '.join(OFFERED)} by these names",
        ) from None
