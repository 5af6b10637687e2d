"""Feasibility: which candidates meet a space's constraints, and who judges that."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from nas_hydra.errors import ConfigError
from nas_hydra.search_space.gene import Decision
from nas_hydra.search_space.node import (
    Constant,
    InactiveError,
    ListNode,
    Node,
    Place,
    Repeat,
    Replay,
    places_of,
)
from nas_hydra.search_space.parse import Parser
from nas_hydra.search_space.syntax import Path, at, dotted

KEY = "search_space.constraints"
SINGLE = "stands for several constraints; write each of them out"


@dataclass(frozen=True)
class Hooks:
    """Functions of closed, plain configs; each is optional.

    Args:
        canonical: closed ``model`` config -> a JSON-like value that is equal for models that
            compute the same function. It takes the model's place in the key.
        encoder: closed ``model`` config -> graph features by the name of a view, always the same
            views with equally many features.
        feasible: closed candidate config and its closed constraints -> whether it meets them.
        limits: closed constraints that every candidate has beside those of the space.
    """

    canonical: Callable[[Mapping[str, Any]], Any] | None = None
    encoder: Callable[[Mapping[str, Any]], Mapping[str, Sequence[float]]] | None = None
    feasible: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], bool] | None = None
    limits: Sequence[Mapping[str, Any]] = ()


class Feasibility:
    """Checks candidates, each once.

    Args:
        constraints: as opened; closed with each candidate.
        hooks: ``feasible`` judges, ``limits`` too; without it everything is feasible.

    Attributes:
        tried: how many different candidates were checked.
        rejected: how many of them do not meet the constraints.
    """

    def __init__(self, constraints: Sequence[Node], hooks: Hooks) -> None:
        self.constraints = tuple(constraints)
        self._limits = hooks.limits
        self._judge = hooks.feasible if constraints or hooks.limits else None
        self._known: dict[bytes, bool] = {}
        self.tried = 0
        self.rejected = 0

    @property
    def always(self) -> bool:
        """Whether no candidate can be refused."""
        return self._judge is None

    def __call__(self, decisions: Mapping[str, Decision], closed: Mapping[str, Any]) -> bool:
        """Whether a candidate meets the constraints.

        Args:
            decisions: of its active genes. The answer is remembered by them and not by the
                genotype's key: models that compute the same function may differ in size.
            closed: its closed config.
        """
        if self._judge is None:
            return True
        digest = blake2b(repr(list(decisions.items())).encode(), digest_size=16).digest()
        if digest not in self._known:
            self._known[digest] = bool(self._judge(closed, self.close(decisions)))
            self.tried += 1
            self.rejected += not self._known[digest]
        return self._known[digest]

    def close(self, decisions: Mapping[str, Decision]) -> list[Mapping[str, Any]]:
        """The constraints that apply to a candidate, closed, and the limits.

        One that reads a gene which is not active does not apply.
        """
        closed: list[Mapping[str, Any]] = []
        for node in self.constraints:
            try:
                closed.append(node.close(Replay(decisions), ()))
            except InactiveError:
                continue
        return [*closed, *self._limits]


def parse_constraints(parser: Parser, places: Mapping[str, Place]) -> tuple[Node, ...]:
    """The constraints of a config, if it has any, and those of spaces within its space.

    Args:
        parser: of the config.
        places: the genes that candidates have.

    Raises:
        ConfigError: if they are no list of configs, or read an open value that no candidate has.
    """
    paths = _listed(parser.raw, tuple(KEY.split(".")[:-1]))
    nodes = tuple(node for path in paths for node in _elements(parser, path))
    for name, place in places_of(nodes).items():
        known = places.get(name)
        if known is None or known.node is not place.node:
            raise ConfigError(
                place.node.path,
                "is open, but only a constraint reads it, so that no candidate depends on it; "
                "give it a plain value, or refer to an open value of the model",
            )
    return nodes


def check_not_open(parser: Parser, key: str) -> None:
    """A key of the space, if it is there, may have no open value.

    Raises:
        ConfigError: if it has one or refers to one.
    """
    path = tuple(key.split("."))
    if _written(parser, path) is not None and not isinstance(parser.parse(path), Constant):
        raise ConfigError(key, "has open values; it is one for all candidates, so write it out")


def _written(parser: Parser, path: tuple[str, ...]) -> Any:
    """What stands at a path, None if nothing does."""
    for position, key in enumerate(path):
        raw = at(parser.raw, path[:position])
        if not isinstance(raw, Mapping) or key not in raw:
            return None
    return at(parser.raw, path)


def _listed(raw: Any, path: Path) -> Iterator[Path]:
    """Where a space at a path, and those within it, list constraints."""
    space = at(raw, path) if isinstance(raw, Mapping) and path[0] in raw else None
    if not isinstance(space, Mapping):
        return
    if space.get("constraints") is not None:
        yield (*path, "constraints")
    for name, part in space.items():
        if isinstance(part, Mapping) and name != "model":
            yield from _listed(raw, (*path, name))


def _elements(parser: Parser, path: Path) -> tuple[Node, ...]:
    """The constraints that are listed at a path."""
    node, key = parser.parse(path), dotted(path)
    if isinstance(node, Constant) and isinstance(node.value, list):
        nodes: Sequence[Node] = [
            Constant(f"{key}.{position}", 0, value) for position, value in enumerate(node.value)
        ]
    elif isinstance(node, ListNode):
        nodes = node.elements
    else:
        given = at(parser.raw, path)
        raise ConfigError(key, f"is {given!r}; it must be a list: [{{_target_: ...}}, ...]")
    for position, element in enumerate(nodes):
        if isinstance(element, Repeat):
            raise ConfigError(f"{key}.{position}", SINGLE)
        if isinstance(element, Constant) and not isinstance(element.value, Mapping):
            raise ConfigError(
                f"{key}.{position}", f"is {element.value!r}; say {{_target_: ..., ...}}"
            )
    return tuple(nodes)
