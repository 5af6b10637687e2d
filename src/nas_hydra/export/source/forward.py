"""A recorded pass as the lines of a ``forward``."""

import builtins
import keyword
from collections import Counter
from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from itertools import count
from typing import Any

import torch
from torch import nn

from nas_hydra.export.source.layout import UnwritableError, literal, torch_class
from nas_hydra.export.source.record import Call, Element, Images, Name, Pass, Unknown, items

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "matmul": "@", "pow": "**"}
"""Methods of tensors that are written as operators, as are their forms in place and reversed."""

METHOD = "torch.Tensor."
STARS: Mapping[Any, str] = {Parameter.VAR_POSITIONAL: "*", Parameter.VAR_KEYWORD: "**"}

HOMES = {"torch.nn.functional.": "F.", "torch.functional.": "torch.", "torch.": "torch."}
"""Where a function is defined, and how it is written; the first that fits."""

LONGEST = 72
"""Of longer expressions, in characters, a part gets a name of its own."""


def parameters(recorded: Pass) -> str:
    """The arguments of a ``forward``, as it was called."""
    known = signature(recorded.module.forward).parameters
    return ", ".join(["self", *(STARS.get(known[n].kind, "") + n for n in recorded.parameters)])


def body(recorded: Pass, result: Any) -> list[str]:
    """The lines of a ``forward``.

    Args:
        recorded: what it did.
        result: what it returned, with the number of images set apart.

    Raises:
        UnwritableError: if something of it has no code.
    """
    return list(Writer(recorded).lines(result))


class Writer:
    """Writes the steps of one pass, those that are used once within those that use them."""

    def __init__(self, recorded: Pass) -> None:
        self._module = recorded.module
        self._texts: dict[Call, str] = {}
        self._infix: set[Call] = set()
        self._unnamed: set[Call] = set()
        self._taken = {*recorded.parameters, "self", "torch", "nn", "F"}
        given = _leaves(list(recorded.parameters.values()))
        self._first = next((leaf.text for leaf in given if isinstance(leaf, Name)), "")

    def lines(self, result: Any) -> Iterator[str]:
        """The lines, the last of which returns the result."""
        steps = _live(result)
        uses = Counter(step for value in (result, *map(_inputs, steps)) for step in _direct(value))
        for step in sorted(steps, key=lambda step: step.number):
            text = self._call(step)
            while len(text) > LONGEST and (inner := self._longest_part(step)):
                yield self._assignment(inner, self._texts[inner])
                text = self._call(step)
            if uses[step] == 1:
                self._texts[step] = text
                self._unnamed.add(step)
            else:
                yield self._assignment(step, text)
        yield f"return {self._value(result)}"

    def _longest_part(self, step: Call) -> Call | None:
        parts = [part for part in _direct(_inputs(step)) if part in self._unnamed]
        return max(parts, key=lambda part: len(self._texts[part]), default=None)

    def _assignment(self, step: Call, text: str) -> str:
        self._infix.discard(step)
        self._unnamed.discard(step)
        self._texts[step] = self._name(step)
        return f"{self._texts[step]} = {text}"

    def _name(self, step: Call) -> str:
        words = step.function.split(".")
        word = words[-1] if not words[-1].isdecimal() else "_".join(words[-2:])
        word = "part" if word in ("__getitem__", "__get__") else word.strip("_")
        names = (word if n == 1 else f"{word}_{n}" for n in count(1))
        barred = {*self._taken, *keyword.kwlist, *dir(builtins)}
        found = next(name for name in names if name not in barred)
        self._taken.add(found)
        return found

    def _call(self, step: Call) -> str:
        if step.function.startswith("self."):
            return f"{_path(step.function, self._module)}({self._arguments(step)})"
        if step.function.startswith(METHOD):
            return self._method(step, step.function.removeprefix(METHOD))
        for prefix, short in HOMES.items():
            if step.function.startswith(prefix):
                return f"{short}{step.function.removeprefix(prefix)}({self._arguments(step)})"
        raise UnwritableError(f"it calls {step.function}, which torch does not have")

    def _method(self, step: Call, name: str) -> str:
        plain = name.strip("_")
        reverse = plain not in INFIX and plain.startswith("r") and plain[1:] in INFIX
        operator = INFIX.get(plain[1:] if reverse else plain)
        if operator and len(step.arguments) == 2 and not step.named:
            self._infix.add(step)
            left, right = (self._operand(one) for one in step.arguments)
            return f"{right} {operator} {left}" if reverse else f"{left} {operator} {right}"
        receiver = self._operand(step.arguments[0])
        if name.endswith(".__get__"):
            return f"{receiver}.{name.removesuffix('.__get__')}"
        if plain == "getitem":
            return f"{receiver}[{self._index(step.arguments[1])}]"
        return f"{receiver}.{name}({self._arguments(step, skip=1)})"

    def _operand(self, value: Any) -> str:
        text = self._value(value)
        return f"({text})" if isinstance(value, Call) and value in self._infix else text

    def _arguments(self, step: Call, skip: int = 0) -> str:
        listed = [self._value(value) for value in step.arguments[skip:]]
        named = [f"{name}={self._value(value)}" for name, value in step.named.items()]
        return ", ".join([*listed, *named])

    def _index(self, value: Any) -> str:
        if isinstance(value, tuple) and value:
            return ", ".join(map(self._index, value)) + ("," if len(value) == 1 else "")
        if isinstance(value, slice):
            ends = ["" if end is None else self._value(end) for end in (value.start, value.stop)]
            return ":".join(ends if value.step is None else [*ends, self._value(value.step)])
        return self._value(value)

    def _value(self, value: Any) -> str:
        match value:
            case Call():
                return self._texts[value]
            case Element():
                places = "".join(f"[{literal(place)}]" for place in value.places)
                return self._operand(value.step) + places
            case Name():
                return _path(value.text, self._module) if value.text[:5] == "self." else value.text
            case Images():
                size = f"{self._first}.shape[0]"
                return size if value.times == 1 else f"{value.times} * {size}"
            case torch.device():
                return f"{self._first}.device"
            case Unknown():
                raise UnwritableError("it uses a tensor that is neither parameter nor buffer")
        inner = items(value)
        return literal(value) if inner is None else self._collection(value, inner)

    def _collection(self, value: Any, inner: Any) -> str:
        texts = [self._value(part) for _, part in inner]
        if isinstance(value, Mapping):
            pairs = zip(value, texts, strict=True)
            return "{" + ", ".join(f"{name!r}: {text}" for name, text in pairs) + "}"
        if isinstance(value, list):
            return f"[{', '.join(texts)}]"
        return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def _path(text: str, module: nn.Module) -> str:
    """``self.nodes.0.weight`` as Python says it: ``self.nodes[0].weight``."""
    written, here = "self", module
    for word in text.split(".")[1:]:
        written = _member(written, word, torch_class(here))
        here = getattr(here, word)
        if not isinstance(here, nn.Module):
            break
    return written


def _member(owner: str, name: str, container: type[nn.Module] | None) -> str:
    if container is nn.ModuleDict:
        return f'{owner}["{name}"]'
    if name.isidentifier():
        return f"{owner}.{name}"
    return f'getattr({owner}, "{name}")' if container is None else f"{owner}[{name}]"


def _inputs(step: Call) -> Any:
    return [step.arguments, step.named]


def _leaves(value: Any) -> Iterator[Any]:
    inner = items(value)
    for _, part in inner or ():
        yield from _leaves(part)
    if isinstance(value, slice):
        yield from _leaves([value.start, value.stop, value.step])
    elif inner is None:
        yield value


def _direct(value: Any) -> Iterator[Call]:
    for leaf in _leaves(value):
        if isinstance(leaf, Call | Element):
            yield leaf.step if isinstance(leaf, Element) else leaf


def _live(result: Any) -> set[Call]:
    """The steps without which the result would not be."""
    found: set[Call] = set()
    waiting = list(_direct(result))
    while waiting:
        step = waiting.pop()
        if step not in found:
            found.add(step)
            waiting += _direct(_inputs(step))
    return found
