"""What each module of a network does in a forward pass, written down as it happens.

Two passes are compared, of different numbers of images, to tell where that number comes in.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from inspect import signature
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, resolve_name

LOOKS = {"__bool__", "__int__", "__float__", "__index__", "item", "tolist", "numpy", "__array__"}
"""Methods of a tensor that give Python its numbers."""


@dataclass(frozen=True)
class Name:
    """A tensor that has a name: an argument, or ``self.weight``."""

    text: str


@dataclass(frozen=True)
class Unknown:
    """A tensor of which nobody knows where it comes from."""


@dataclass(eq=False)
class Call:
    """One call.

    Args:
        function: its dotted name in torch, or of a child: ``self.features.0``.
        arguments: with a ``Name``, ``Call``, ``Element`` or ``Unknown`` for each tensor.
        named: likewise.
        number: of the step, in the order in which the network takes them.
    """

    function: str
    arguments: Any
    named: Any
    number: int


@dataclass(frozen=True)
class Element:
    """An element of what a step returned, if that is no tensor.

    Args:
        step: that returned it.
        places: where it stands; the second is a place within the first, and so on.
    """

    step: Call
    places: tuple[int | str, ...]


@dataclass
class Pass:
    """One module's forward pass.

    Args:
        module: whose it is.
        given: its arguments, listed and named, as who called it says them.

    Attributes:
        parameters: argument -> what stands for the tensors in it.
        result: likewise.
        looks: whether Python sees the numbers in a tensor, so that it may depend on them.
    """

    module: nn.Module
    given: tuple[Any, Any]
    parameters: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    looks: bool = False
    known: dict[int, Any] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)

    def remember(self, value: Any, source: Any) -> Any:
        """From now on, the tensors in a value come from there; gives what stands for them."""
        if isinstance(value, Tensor):
            self.known[id(value)] = source
            self.kept.append(value)  # an id is free again once its object is gone
            return source
        inner = items(value)
        if inner is None:
            return value
        found = {place: self.remember(part, _part(source, place)) for place, part in inner}
        return found if isinstance(value, Mapping) else _type_of(value)(found.values())

    def describe(self, value: Any) -> Any:
        """A value with each tensor replaced by what stands for it."""
        if isinstance(value, Tensor):
            return self.known.get(id(value), Unknown())
        if isinstance(value, slice):
            return slice(*map(self.describe, (value.start, value.stop, value.step)))
        inner = items(value)
        if inner is None:
            return value
        found = {place: self.describe(part) for place, part in inner}
        return found if isinstance(value, Mapping) else _type_of(value)(found.values())


def _part(source: Any, place: int | str) -> Any:
    if isinstance(source, Call):
        return Element(source, (place,))
    if isinstance(source, Element):
        return Element(source.step, (*source.places, place))
    return Name(f"{source.text}[{place!r}]")


def _type_of(value: Any) -> type:
    return list if isinstance(value, list) else tuple


def items(value: Any) -> list[tuple[Any, Any]] | None:
    """The elements of a list, tuple or mapping with their places; None of anything else."""
    if isinstance(value, Mapping):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list | tuple) else None


def _has_tensor(value: Any) -> bool:
    inner = items(value)
    return isinstance(value, Tensor) or any(_has_tensor(part) for _, part in inner or ())


class PassRecorder(TorchFunctionMode):
    """Writes down every torch function and every child that a module's forward calls.

    The pass is a real one, with real tensors: control flow takes the way that it takes for images
    of this shape, and what it computes from sizes is recorded as a number.

    Args:
        network: whose modules are watched.

    Attributes:
        passes: module -> its first pass.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.passes: dict[nn.Module, Pass] = {}
        self._network = network
        self._inside: list[Pass] = []
        self._numbers = count()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function of torch and write down what made a tensor."""
        kwargs = kwargs or {}
        given = self._inside[-1].describe((args, kwargs)) if self._inside else None
        if self._inside and getattr(func, "__name__", "") in LOOKS:
            self._inside[-1].looks = True
        result = func(*args, **kwargs)
        if given is not None and _has_tensor(result):
            named = {name: given[1][name] for name in kwargs if not _is_default(func, name, kwargs)}
            step = Call(resolve_name(func) or repr(func), given[0], named, next(self._numbers))
            self._inside[-1].remember(result, step)
        return result

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Record while it lasts."""
        hooks: list[Any] = []
        for module in self._network.modules():
            enter = module.register_forward_pre_hook(self._enter, with_kwargs=True)
            hooks += [enter, module.register_forward_hook(self._leave, with_kwargs=True)]
        try:
            with self, torch.no_grad():
                yield
        finally:
            for hook in hooks:
                hook.remove()

    def _enter(self, module: nn.Module, args: Any, kwargs: Any) -> tuple[Any, Any]:
        given = self._inside[-1].describe((args, kwargs)) if self._inside else ((), {})
        args, kwargs = _alike(args), _alike(kwargs)
        bound = signature(module.forward).bind(*args, **kwargs).arguments
        now = Pass(module, given)
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            now.remember(tensor, Name(f"self.{name}"))
        now.parameters = {name: now.remember(value, Name(name)) for name, value in bound.items()}
        self._inside.append(now)
        return args, kwargs

    def _leave(self, module: nn.Module, args: Any, kwargs: Any, output: Any) -> Any:
        done = self._inside.pop()
        done.result = done.describe(output)
        self.passes.setdefault(module, done)
        if not self._inside:
            return output
        caller = self._inside[-1]
        path = next((n for n, m in caller.module.named_modules() if m is module), "")
        output = _alike(output)
        step = Call(f"self.{path}", done.given[0], done.given[1], next(self._numbers))
        caller.remember(output, step)
        return output


def _alike(value: Any) -> Any:
    """The same with new objects for its tensors: one object can be two arguments, or a result too.

    They share their memory, so that what is changed in place is changed in both.
    """
    if isinstance(value, Tensor):
        return value.view_as(value)
    inner = items(value)
    if inner is None:
        return value
    found = {place: _alike(part) for place, part in inner}
    return found if isinstance(value, Mapping) else _type_of(value)(found.values())


def _is_default(func: Any, name: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether a function would do the same without this argument."""
    if name.startswith("_"):
        return True
    # what returns indices on demand hides its signature; the real one has the name with a dash
    real = getattr(nn.functional, f"_{getattr(func, '__name__', '')}", func)
    try:
        default = signature(real).parameters[name].default
    except (KeyError, TypeError, ValueError):  # written in C
        return False
    return type(default) is type(kwargs[name]) and default == kwargs[name]


@dataclass(frozen=True)
class Images:
    """A multiple of the number of images."""

    times: int


class DifferentError(Exception):
    """A module does something else for another number of images."""


class PassComparison:
    """Two passes of one module, of so many images.

    Args:
        first: number of images in the first pass.
        second: in the second, another one.
    """

    def __init__(self, first: int, second: int) -> None:
        self._first, self._second = first, second
        self._steps: dict[Call, Call] = {}

    def of(self, one: Pass, other: Pass) -> Any:
        """The result of the first pass, with ``Images`` for what depends on their number.

        Raises:
            DifferentError: if the passes are not the same otherwise.
        """
        return self._same(one.result, other.result)

    def _same(self, one: Any, other: Any) -> Any:
        if isinstance(one, Call) and isinstance(other, Call):
            return self._step(one, other)
        if isinstance(one, Element) and isinstance(other, Element) and one.places == other.places:
            return Element(self._step(one.step, other.step), one.places)
        if isinstance(one, slice) and isinstance(other, slice):
            ends = ((one.start, other.start), (one.stop, other.stop), (one.step, other.step))
            return slice(*(self._same(*pair) for pair in ends))
        left, right = items(one), items(other)
        if left is not None and right is not None:
            return self._all(one, left, right)
        return one if type(one) is type(other) and one == other else self._images(one, other)

    def _all(self, value: Any, left: Any, right: Any) -> Any:
        if [place for place, _ in left] != [place for place, _ in right]:
            raise DifferentError
        pairs = zip(left, right, strict=True)
        found = {place: self._same(one, other) for (place, one), (_, other) in pairs}
        return found if isinstance(value, Mapping) else _type_of(value)(found.values())

    def _step(self, one: Call, other: Call) -> Call:
        if one not in self._steps:
            if one.function != other.function:
                raise DifferentError
            arguments = self._same(one.arguments, other.arguments)
            self._steps[one] = Call(
                one.function, arguments, self._same(one.named, other.named), one.number
            )
        return self._steps[one]

    def _images(self, one: Any, other: Any) -> Images:
        whole = type(one) is int and type(other) is int and one % self._first == 0
        if not whole or one * self._second != other * self._first:
            raise DifferentError
        return Images(one // self._first)
