"""From the composed config to the tree of nodes, with every mistake named on the way."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from nas_hydra.config.total_steps import without_total
from nas_hydra.errors import ConfigError, nearest
from nas_hydra.search_space.gene import Categorical
from nas_hydra.search_space.node import (
    Choice,
    Constant,
    DictNode,
    Expression,
    ListNode,
    Node,
    Ordered,
    Reference,
    Repeat,
    Rest,
)
from nas_hydra.search_space.opener import option_labels, parse_number, possible_counts
from nas_hydra.search_space.reference import (
    Written,
    absolute,
    check_reach,
    has,
    references,
    step_into,
)
from nas_hydra.search_space.sharing import SHARE, check_decided_once, shared_name
from nas_hydra.search_space.syntax import (
    Path,
    at,
    checked_plain,
    compute,
    depth,
    dotted,
    is_open,
    no_options,
    opener_of,
    resolve,
    segments,
)


class Parser:
    """Parses places of one composed config, each of them once.

    Args:
        config: the whole composed config, interpolations unresolved.

    Attributes:
        shares: whether a module that was parsed has a ``_share_``.
    """

    def __init__(self, config: DictConfig) -> None:
        self.config = config
        self.raw: Any = OmegaConf.to_container(config, resolve=False)
        self.nodes: dict[Path, Node] = {}
        self.shares = False
        self._under_way: list[Path] = []

    def part(self, path: Path) -> Node:
        """The node of a part that a candidate needs.

        Raises:
            ConfigError: if it is not in the config, or anything in it is wrong.
        """
        for position, key in enumerate(path):
            raw = at(self.raw, path[:position])
            if not isinstance(raw, Mapping) or key not in raw:
                raise ConfigError(
                    dotted(path), f"is missing; a candidate needs it: choose a {path[0]}=..."
                )
        return self.parse(path)

    def parse(self, path: Path) -> Node:
        """The node at a path that exists; always the same object for the same path.

        Raises:
            ConfigError: if anything at or below it is wrong.
        """
        if path in self.nodes:
            return self.nodes[path]
        if path in self._under_way:
            circle = " -> ".join(map(dotted, self._under_way[self._under_way.index(path) :]))
            problem = f"refers to itself ({circle}); give one of these a value of its own"
            raise ConfigError(dotted(self._under_way[-1]), problem)
        self._under_way.append(path)
        node = self._node(path, without_total(path, at(self.raw, path)))
        self._under_way.pop()
        node.order = len(self.nodes)
        self.nodes[path] = node
        return node

    def unread(self) -> list[Path]:
        """The open values that nothing read so far refers to."""
        found: list[Path] = []

        def look(path: Path, raw: Any) -> None:
            if path in self.nodes:
                return
            if is_open(raw):
                found.append(path)
            elif isinstance(raw, Mapping | list):
                for key in raw if isinstance(raw, Mapping) else range(len(raw)):
                    look((*path, key), raw[key])

        look((), self.raw)
        return found

    def _node(self, path: Path, raw: Any) -> Node:
        if isinstance(raw, Mapping):
            opener = opener_of(path, raw)
            return self._opened(path, raw, opener) if opener else self._table(path, raw)
        if isinstance(raw, list):
            return self._items(path, raw)
        if isinstance(raw, str) and "${" in raw:
            return self._interpolation(path, raw)
        if raw == "???":
            raise ConfigError(dotted(path), f"has no value yet (???); say {dotted(path)}=...")
        return self._constant(path, checked_plain(dotted(path), raw))

    def _constant(self, path: Path, value: Any) -> Constant:
        return Constant(*self._place(path), value)

    def _place(self, path: Path) -> tuple[str, int]:
        return dotted(path), depth(self.raw, path)

    def _opened(self, path: Path, raw: Mapping[str, Any], opener: str) -> Node:
        if opener == "_choice_":
            return self._choice(path)
        if opener == "_repeat_":
            return self._repeat(path, raw)
        given = self.parse((*path, opener))
        if not isinstance(given, Constant):
            problem = "has open values; the bounds of an open number must be plain numbers"
            raise ConfigError(given.path, problem)
        gene = parse_number(dotted(path), opener, given.value)
        return Ordered(*self._place(path), gene, segments(self.raw, path))

    def _table(self, path: Path, raw: Mapping[str, Any]) -> Node:
        checked_plain(dotted(path), dict.fromkeys(raw))
        items = {key: self.parse((*path, key)) for key in raw}
        if SHARE in raw:
            self._share(path, items)
        closed = {key: node.value for key, node in items.items() if isinstance(node, Constant)}
        if len(closed) == len(items):
            return self._constant(path, closed)
        return DictNode(*self._place(path), items)

    def _share(self, path: Path, items: dict[str, Node]) -> None:
        name = shared_name(dotted(path), at(self.raw, (*path, SHARE)))
        del items[SHARE]
        if name is None:
            return
        if "_partial_" in items:
            problem = "stands beside _partial_, which makes no module; leave one out"
            raise ConfigError(dotted((*path, SHARE)), problem)
        for item in items.values():
            check_decided_once(item)
        items[SHARE] = self._constant((*path, SHARE), name)
        self.shares = True

    def _items(self, path: Path, raw: Sequence[Any]) -> Node:
        elements = tuple(self.parse((*path, position)) for position in range(len(raw)))
        closed = [node.value for node in elements if isinstance(node, Constant)]
        if len(closed) == len(elements):
            return self._constant(path, closed)
        return ListNode(*self._place(path), elements)

    def _choice(self, path: Path) -> Node:
        inside: Path = (*path, "_choice_")
        given = at(self.raw, inside)
        if isinstance(given, str) and "${" in given:
            return self._chosen_from(path, self.parse(inside))
        if not isinstance(given, list | Mapping) or not given:
            raise no_options(path, given)
        keys = list(given) if isinstance(given, Mapping) else list(range(len(given)))
        options = tuple(self.parse((*inside, key)) for key in keys)
        if isinstance(given, Mapping):
            labels = tuple(checked_plain(dotted(inside), dict.fromkeys(keys)))
        else:
            written = [
                option.value if isinstance(option, Constant) else raw
                for option, raw in zip(options, given, strict=True)
            ]
            labels = option_labels(dotted(path), written)
        gene = Categorical(dotted(path), labels)
        return Choice(*self._place(path), gene, segments(self.raw, path), options)

    def _chosen_from(self, path: Path, given: Node) -> Node:
        """A choice whose options stand elsewhere."""
        if not isinstance(given, Constant):
            raise ConfigError(given.path, "refers to open values; write the options out instead")
        if not isinstance(given.value, list) or not given.value:
            raise no_options(path, given.value)
        gene = Categorical(dotted(path), option_labels(dotted(path), given.value))
        options = tuple(self._constant(path, option) for option in given.value)
        return Choice(*self._place(path), gene, segments(self.raw, path), options)

    def _repeat(self, path: Path, raw: Mapping[str, Any]) -> Node:
        if not isinstance(path[-1], int) or path[-2:-1] == ("_choice_",):
            raise ConfigError(
                dotted(path),
                "a _repeat_ stands in a list, among its elements, and only there; say "
                "[{_repeat_: ..., _block_: ...}]",
            )
        if "_block_" not in raw:
            raise ConfigError(dotted(path), "has a _repeat_; say what with a _block_ beside it")
        share = raw.get("_share_", False)
        if not isinstance(share, bool):
            raise ConfigError(f"{dotted(path)}._share_", f"is {share!r}; allowed: true, false")
        count = self.parse((*path, "_repeat_"))
        possible = possible_counts(f"{dotted(path)}._repeat_", count, raw["_repeat_"])
        block = self.parse((*path, "_block_"))
        return Repeat(*self._place(path), count, possible, block, share)

    def _interpolation(self, path: Path, raw: str) -> Node:
        written = references(dotted(path), raw)
        if not written and re.search(r"\\\$\{", raw) and not re.search(r"(?<!\\)\$\{", raw):
            # only escaped: whoever reads the closed config resolves it again, so it stays
            return self._constant(path, raw)
        if [(one.start, one.stop) for one in written] == [(0, len(raw))]:
            return self._target(path, written[0])
        node = self._expression(path, raw, written)
        if all(isinstance(target, Constant) for target in node.inputs.values()):
            return self._constant(path, resolve(self.config, path, raw))
        return node

    def _expression(self, path: Path, text: str, written: Sequence[Written]) -> Expression:
        """The text with its references renamed to keys of their own."""
        inputs = {f"_{i}_": self._target(path, one) for i, one in enumerate(written)}
        pieces, end = [], 0
        for key, one in zip(inputs, written, strict=True):
            pieces += [text[end : one.start], f"${{{key}}}"]
            end = one.stop
        return Expression(*self._place(path), "".join([*pieces, text[end:]]), inputs)

    def _target(self, path: Path, written: Written) -> Node:
        """What a reference points to: a constant, or a Reference to an open node."""
        goal = absolute(path, self._plain_name(path, written.name))
        found: Path = ()
        for position, part in enumerate(goal):
            raw = at(self.raw, found)
            key = step_into(raw, part)
            if key is None and (is_open(raw) or (isinstance(raw, str) and "${" in raw)):
                return self._reference(path, found, tuple(map(str, goal[position:])))
            if key is None:
                hint = nearest(part, raw) if isinstance(raw, Mapping) else ""
                where = f"in {dotted(found)}" if found else "at the top of the config"
                raise ConfigError(
                    dotted(path),
                    f"${{{written.name}}} refers to nothing: there is no '{part}' {where}"
                    f"{hint or '; correct the reference'}",
                )
            found = (*found, key)
        return self._reference(path, found, ())

    def _plain_name(self, path: Path, name: str) -> str:
        """The name of a reference, with the constants that stand in it."""
        if "${" not in name:
            return name
        node = self._expression(path, name, references(dotted(path), name))
        known = {k: t.value for k, t in node.inputs.items() if isinstance(t, Constant)}
        if len(known) < len(node.inputs):
            raise ConfigError(
                dotted(path), f"${{{name}}} has an open value in its name; make a _choice_ instead"
            )
        return str(compute(node.path, node.text, known))

    def _reference(self, path: Path, goal: Path, rest: Rest) -> Node:
        check_reach(self.raw, path, goal)
        raw = at(self.raw, goal)
        if isinstance(raw, Mapping) and "_repeat_" in raw:
            raise ConfigError(
                dotted(path), f"refers to the repeated block {dotted(goal)}; refer to its list"
            )
        target = self.parse(goal)
        if not has(target, rest):
            raise ConfigError(
                dotted(path),
                f"refers to '{'.'.join(rest)}' of {dotted(goal)}, which lacks it, at least for "
                "some decisions; refer to what is always there",
            )
        if isinstance(target, Constant):
            return self._constant(path, target.part(rest))
        if isinstance(target, Reference):
            rest, target = (*target.rest, *rest), target.target
        target.shared = True
        return Reference(*self._place(path), target, rest)
