"""What every evaluator can do, how one stands around another, and under which seeds it works."""

import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from nas_hydra.errors import CandidateError
from nas_hydra.evaluator.code import code_digests
from nas_hydra.files.digest import digests
from nas_hydra.objective import Direction, Objectives
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Course, Evaluation


class Evaluator(Protocol):
    """Turns a candidate into metrics."""

    builds: ClassVar[bool] = True
    """Whether it makes networks of the closed configs that it is handed, and trains them.

    For one that does not, the config's components need not be there, how a network is trained is
    no part of a candidate, and networks that are the same (``search_space.canonical``) are
    different candidates.
    """
    closes: ClassVar[bool] = True
    """Whether it is handed the closed config; else the decisions alone, gene by gene."""
    inherits: ClassVar[bool] = False
    """Whether a network can begin with the weights of another one, see ``Course.parent``."""
    levelled_by: ClassVar[str] = ""
    """What to set for it to have ``levels``, where it has none; empty if there is nothing."""
    counted: ClassVar[Sequence[str]] = ()
    """Those of its metrics that ``constraint.Candidate`` counts alike, before any training.

    A candidate that breaks the objective's limit on one of them is not proposed.
    """

    @property
    def metrics(self) -> Sequence[str]:
        """Names of everything that it measures; known once a candidate was checked."""

    @property
    def levels(self) -> Sequence[int]:
        """Epochs after which a training can end and be measured, the last one is all of it.

        Empty for an evaluator that cannot end, go on or begin as a ``Course`` says; it is never
        given one. Known once the space is.
        """
        return ()

    @property
    def costs(self) -> Sequence[str]:
        """Names of what it can count of a candidate beforehand, see ``cost``."""
        return ()

    @property
    def directions(self) -> Mapping[str, Direction]:
        """Which way those of its metrics are better of which it knows."""
        return {}

    @property
    def machine(self) -> str | None:
        """What it runs on, if its metrics depend on that."""
        return None

    @property
    def data(self) -> Mapping[str, Any] | None:
        """What of the data is not in the config, once a candidate was checked; JSON-like."""
        return None

    @property
    def files(self) -> Mapping[str, str]:
        """What it runs, such as modules, where no value of the config names a file: digests."""
        return {}

    @property
    def objectives(self) -> Mapping[str, Direction]:
        """What it is there to optimise, unless the config's ``objective`` says otherwise."""
        return {}

    def at(self, stage: str) -> Self:
        """The same for another stage of its data, if it has any, see ``nas_hydra.dataset``."""
        return self

    def prepared(self, candidate: Mapping[str, Any]) -> Mapping[str, Any]:
        """A candidate with what is made of it, which evaluators around this one hand on."""
        return candidate

    def prepare(self, space: SearchSpace) -> None:
        """Get to know the space; called once, before anything else.

        Raises:
            ConfigError: if it cannot evaluate the space's candidates.
        """
        return None

    def remember(self, folder: Path) -> None:
        """Keep in a run's folder what tells later what its data was; called once it was checked."""
        return None

    def changed(self, folder: Path) -> str:
        """How the data differs from what ``remember`` has kept; empty if it does not say."""
        return ""

    def check(self, candidate: Mapping[str, Any]) -> None:
        """Make sure, without training, that a candidate can work.

        Raises:
            CandidateError: if this one cannot.
            ConfigError: if none can.
        """
        return None

    def cost(self, candidate: Mapping[str, Any], name: str) -> float:
        """What a candidate's whole training costs, without training it.

        Args:
            candidate: as of ``evaluate``.
            name: one of ``costs``.

        Raises:
            CandidateError: if it cannot be told.
        """
        raise CandidateError(f"{type(self).__name__} counts no cost of a candidate")

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """Measure a candidate.

        Args:
            candidate: its closed config, or its decisions (see ``closes``); must not be changed.
            repeat: how many evaluations of it came before: another one, another seed.
            weights: where to put the trained weights, if there are any.
            course: how much to train, and from where on; None is the whole training, from scratch.

        Raises:
            CandidateError: if the candidate cannot be built or trained.
        """

    def identity(self, candidate: Mapping[str, Any], repeat: int = 0) -> Mapping[str, Any]:
        """Everything that the outcome of an evaluation depends on, JSON-like.

        Two evaluations with equal identities give equal metrics, on any day and in any process.
        """
        return {
            "candidate": dict(candidate),
            "repeat": repeat,
            "data": self.data,
            "files": digests([dict(candidate), vars(self)]),
            "code": code_digests([type(self).__module__]),
        }

    def remeasure(self, candidate: Mapping[str, Any], weights: Path) -> Mapping[str, float]:
        """What can be measured anew of a candidate whose trained weights were kept.

        Args:
            candidate: as of ``evaluate``.
            weights: the file that ``evaluate`` has written.
        """
        return {}

    def share(self) -> Any:
        """What the workers of a pool need of this process, given to each by ``adopt``.

        Called once, after ``check`` and before any worker is there. It must be picklable; tensors
        that ``process.shared_memory.share`` has moved, or torch's ``share_memory_``, are not
        copied. None is nothing.
        """
        return None

    def adopt(self, shared: Any) -> None:
        """Take over, in a worker and before anything is evaluated there, what ``share`` gave."""
        return None

    def optimum(self, space: SearchSpace, objectives: Objectives) -> dict[str, float]:
        """Objective -> the best value that a feasible candidate has; those that are known."""
        return {}


class Wrapping(Evaluator):
    """Leaves everything to the evaluator within, but for what a class derived from it says.

    Args:
        inner: the evaluator within.
    """

    def __init__(self, inner: Evaluator) -> None:
        self.inner = inner
        self.builds, self.closes = inner.builds, inner.closes  # type: ignore[misc]
        self.inherits, self.counted = inner.inherits, inner.counted  # type: ignore[misc]
        self.levelled_by = inner.levelled_by  # type: ignore[misc]

    @property
    def metrics(self) -> Sequence[str]:
        """As of the evaluator within."""
        return self.inner.metrics

    def evaluate(
        self,
        candidate: Mapping[str, Any],
        repeat: int,
        weights: Path,
        course: Course | None = None,
    ) -> Evaluation:
        """As the evaluator within."""
        return self.within(candidate, repeat, weights, course)

    def within(
        self, candidate: Mapping[str, Any], repeat: int, weights: Path, course: Course | None
    ) -> Evaluation:
        """What the evaluator within measures; one that knows no course is given none."""
        more = () if course is None else (course,)
        return self.inner.evaluate(candidate, repeat, weights, *more)

    def at(self, stage: str) -> Self:
        """The same around the evaluator within at another stage of its data."""
        other = copy(self)
        other.inner = self.inner.at(stage)
        return other


def _of_inner(name: str) -> property:
    """What the evaluator within has by this name, be it a value or a method."""
    return property(lambda self: getattr(self.inner, name), doc=f"``{name}`` of the one within.")


for _name in vars(Evaluator):
    if not _name.startswith("_") and _name not in (
        *Evaluator.__annotations__,
        "at",
        "evaluate",
        "metrics",
    ):
        setattr(Wrapping, _name, _of_inner(_name))


@cache
def gpus() -> int:
    """How many GPUs torch has here; to find out that there are none takes a millisecond."""
    return int(sys.modules["torch"].cuda.device_count())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The generators of torch, numpy and Python seeded for a while, and put back as they were.

    Of torch only where it is imported already: not everything that is evaluated needs it.
    """
    earlier, numpys = random.getstate(), np.random.get_state()
    torch: Any = sys.modules.get("torch")
    with torch.random.fork_rng(devices=range(gpus())) if torch else nullcontext():
        if torch:
            torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed % 2**32)
        try:
            yield
        finally:
            random.setstate(earlier)
            np.random.set_state(numpys)
