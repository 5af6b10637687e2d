"""What every evaluator must do, as checks for whoever adds one.

Each check takes a ``Subject`` and raises an AssertionError that says what is wrong::

    @pytest.mark.parametrize("check", CHECKS)
    def test_conformance(check):
        check(Subject(MyEvaluator, my_space, [one_candidate, another]))

Some look at the evaluator from a process of their own, which knows nothing of this one.
"""

import copy
import json
import math
import multiprocessing
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, TypeVar

import numpy

from nas_hydra.errors import NasHydraError
from nas_hydra.evaluator import Evaluator
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Evaluation

Candidate = Mapping[str, Any]
Change = Callable[[], AbstractContextManager[Any]]
T = TypeVar("T")

UNREAD = "nobody_reads_this"


@dataclass(frozen=True)
class Subject:
    """An evaluator, and what it evaluates.

    Args:
        make: a function or class, known by its name, that gives a new evaluator. It is to measure
            nothing that no two measurements agree in, such as latency.
        space: likewise, the space of the candidates.
        candidates: two or more that work and differ, as the evaluator is handed them.
        changes: what else the metrics depend on, such as data, pretrained weights and code: what it
            is -> changes it for a while.
    """

    make: Callable[[], Evaluator]
    space: Callable[[], SearchSpace]
    candidates: Sequence[Candidate]
    changes: Mapping[str, Change] = field(default_factory=dict)

    def evaluator(self) -> Evaluator:
        """A new one that knows its space and has checked the candidates."""
        evaluator = self.make()
        evaluator.prepare(self.space())
        for candidate in self.candidates:
            evaluator.check(candidate)
        return evaluator

    def evaluated(self, repeat: int = 0) -> Evaluation:
        """What a new one measures of the first candidate."""
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder, "weights.ckpt")
            return self.evaluator().evaluate(self.candidates[0], repeat, weights)

    def identities(self) -> list[dict[str, Any]]:
        """Of every candidate, and the data."""
        evaluator = self.evaluator()
        return [
            {"identity": plain(evaluator.identity(one)), "data": plain(evaluator.data)}
            for one in self.candidates
        ]

    def remeasured(self, weights: Path) -> dict[str, float]:
        """What weights of the first candidate give."""
        return dict(self.evaluator().remeasure(self.candidates[0], weights))


def plain(value: Any) -> Any:
    """A value as JSON gives it back; it must be such."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise AssertionError(f"not JSON-like: {error}") from error


@cache
def context() -> BaseContext:
    """Processes that begin without anything of this one."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["nas_hydra.evaluator.train"])
    return server


def elsewhere(function: Callable[..., T], *arguments: Any) -> T:
    """What a function gives in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=context()) as pool:
        return pool.submit(function, *arguments).result()


def check_metrics(subject: Subject) -> None:
    """Every metric that is announced is measured, and a finite number."""
    evaluator, found = subject.evaluator(), subject.evaluated()
    missing = [name for name in evaluator.metrics if name not in found.metrics]
    assert not missing, f"announced, and not measured: {missing}"
    wrong = {name: one for name, one in found.metrics.items() if not is_number(one)}
    assert not wrong, f"no finite numbers: {wrong}"
    unknown = [name for name in evaluator.objectives if name not in evaluator.metrics]
    assert not unknown, f"objectives that are not measured: {unknown}"


def is_number(value: Any) -> bool:
    """Whether a metric can be compared with others."""
    return isinstance(value, int | float) and math.isfinite(value)


def check_repeatable(subject: Subject) -> None:
    """Equal candidates and seeds give equal metrics, also in another process and later on."""
    first = subject.evaluated()
    random.random(), numpy.random.random()
    assert subject.evaluated().metrics == first.metrics, "not the same again"
    again = elsewhere(Subject.evaluated, subject)
    assert again.metrics == first.metrics, "not the same in another process"


def check_repeats(subject: Subject) -> None:
    """Evaluations that differ have identities that differ."""
    evaluator, candidate = subject.evaluator(), subject.candidates[0]
    one, other = (plain(evaluator.identity(candidate, repeat)) for repeat in (0, 1))
    if one == other:
        metrics = [subject.evaluated(repeat).metrics for repeat in (0, 1)]
        assert metrics[0] == metrics[1], "a repeat differs, and its identity does not"


def check_candidates(subject: Subject) -> None:
    """Candidates are left as they are, and so are the generators that all code shares."""
    before = copy.deepcopy(subject.candidates)
    states = list(shared_states())
    subject.evaluated()
    assert plain(subject.candidates) == plain(before), "a candidate was changed"
    assert list(shared_states()) == states, "global random state was changed"


def shared_states() -> Iterator[str]:
    """The states of the generators that all code shares."""
    yield repr(random.getstate())
    yield repr(numpy.random.get_state())
    if torch := sys.modules.get("torch"):
        yield repr(torch.get_rng_state().tolist())


def check_weights(subject: Subject) -> None:
    """The metrics are those of the weights that are kept, measured anew in another process."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder, "weights.ckpt")
        told = subject.evaluator().evaluate(subject.candidates[0], 0, weights).metrics
        if not weights.exists():
            return
        found = elsewhere(Subject.remeasured, subject, weights)
    assert found, "weights are kept, and nothing can be measured of them"
    differing = {
        name: (told.get(name), found[name]) for name in found if not near(told, found, name)
    }
    assert not differing, f"told was {told}, measured anew: {differing}"


def near(told: Mapping[str, float], found: Mapping[str, float], name: str) -> bool:
    """Whether two measurements agree, but for the order of additions."""
    return name in told and math.isclose(told[name], found[name], rel_tol=1e-4, abs_tol=1e-6)


def check_identity(subject: Subject) -> None:
    """Candidates are told apart, and each is known again in another process."""
    here = subject.identities()
    assert here[0] != here[1], "two candidates have one identity"
    assert elsewhere(Subject.identities, subject) == here, "another identity in another process"


def check_changes(subject: Subject) -> None:
    """Changed data, weights and code give other identities."""
    before = elsewhere(Subject.identities, subject)
    for name, change in subject.changes.items():
        with change():
            assert elsewhere(Subject.identities, subject)[0] != before[0], (
                f"{name} was changed, and the identity is the same"
            )


def check_read(subject: Subject) -> None:
    """What nobody reads in a candidate's config is refused."""
    evaluator = subject.evaluator()
    if not evaluator.builds:  # it is handed decisions, and no config
        return
    for place, changed in unread(dict(subject.candidates[0])):
        try:
            evaluator.check(changed)
        except NasHydraError:
            continue
        raise AssertionError(f"{place}.{UNREAD} is read by nobody, and not refused")


def unread(config: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """A config, each of its components once with a key that it does not know; and where."""
    if isinstance(config, Mapping) and "_target_" in config:
        yield place, {**config, UNREAD: 1}
    if isinstance(config, Mapping):
        parts: list[tuple[Any, Any]] = list(config.items())
    elif isinstance(config, list | tuple):
        parts = list(enumerate(config))
    else:
        return
    for key, part in parts:
        for inner, changed in unread(part, f"{place}.{key}".lstrip(".")):
            whole = dict(config) if isinstance(config, Mapping) else list(config)
            whole[key] = changed
            yield inner, whole


CHECKS: tuple[Callable[[Subject], None], ...] = (
    check_metrics,
    check_repeatable,
    check_repeats,
    check_candidates,
    check_weights,
    check_identity,
    check_changes,
    check_read,
)
