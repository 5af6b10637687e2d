"""A network's modules as the classes that they need, each written once."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from inspect import cleandoc
from itertools import chain, count
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.export.format import layer_in_words
from nas_hydra.export.source.forward import body, parameters
from nas_hydra.export.source.layout import (
    CONTAINERS,
    INDENT,
    WIDTH,
    Expression,
    Group,
    UnwritableError,
    Value,
    code_lines,
    constants,
    constructor,
    literal_or_tuple,
    torch_class,
    with_texts,
)
from nas_hydra.export.source.record import DifferentError, Pass, PassComparison

SMALL = 16
"""A buffer of no more numbers is written out; what is larger comes with the weights."""
POSITIONAL = 2
"""So many arguments of a class are understood without their names."""

Attribute = tuple[str, Expression]
"""How it begins, ``self.conv = ``, and what follows."""


@dataclass(frozen=True)
class ClassSource:
    """The code of one module's class.

    Args:
        base: the name of its class.
        docs: the first lines of the documentation of its class and of its forward.
        attributes: what its constructor makes.
        signature: the arguments of its forward.
        forward: the lines of its forward.
    """

    base: str
    docs: tuple[str, str]
    attributes: tuple[Attribute, ...]
    signature: str
    forward: tuple[str, ...]

    def shape(self) -> Any:
        """What is the same for all modules of one class: everything but the constants."""
        kept = [
            (begin, with_texts(made, lambda value: value.name)) for begin, made in self.attributes
        ]
        return self.base, tuple(kept), self.signature, self.forward

    def constants(self) -> list[Value]:
        """The constants of the constructor, in order."""
        return list(chain.from_iterable(constants(made) for _, made in self.attributes))


@dataclass
class Class:
    """Modules that differ in constants only.

    Args:
        name: of the class.
        sources: of each of them.
    """

    name: str
    sources: list[ClassSource]
    places: list[str | None] = field(init=False)
    """For each constant of the constructor: the parameter that it is, if it is one."""
    given: dict[str, int] = field(init=False)
    """Parameter -> the first constant that it stands for."""

    def __post_init__(self) -> None:
        columns = list(zip(*(map(_key, one.constants()) for one in self.sources), strict=True))
        names = [value.name for value in self.sources[0].constants()]
        found: dict[Any, str] = {}
        for column in dict.fromkeys(column for column in columns if len(set(column)) > 1):
            alike = {name for name, other in zip(names, columns, strict=True) if other == column}
            wanted = _parameter(alike, names[columns.index(column)])
            found[column] = _unused(wanted, [*found.values(), "self"], "_")
        self.places = [found.get(column) for column in columns]
        self.given = {name: columns.index(column) for column, name in found.items()}

    def call(self, source: ClassSource) -> Group:
        """The call that makes one of its modules."""
        constants = source.constants()
        keyword = len(self.given) > POSITIONAL
        arguments = (Value(n, constants[at].value, keyword) for n, at in self.given.items())
        return Group(f"{self.name}(", tuple(arguments))

    def code(self) -> list[str]:
        """The lines of the class."""
        source, places = self.sources[0], iter(self.places)
        head = [f"class {self.name}(nn.Module):", *_quoted(source.docs[0], INDENT)]
        if source.docs[0]:
            head.append("")
        made = [f"{INDENT}def __init__({', '.join(['self', *self.given])}):"]
        made.append(f"{INDENT * 2}super().__init__()")
        for begin, expression in source.attributes:
            text = with_texts(
                expression, lambda value: next(places) or literal_or_tuple(value.value)
            )
            made += code_lines(text, INDENT * 2, begin)
        made = [*made, ""] if source.attributes else []
        forward = [
            f"{INDENT}def forward({source.signature}):",
            *_quoted(source.docs[1], INDENT * 2),
        ]
        return [*head, *made, *forward, *(INDENT * 2 + line for line in source.forward)]


def _key(value: Value) -> Any:
    return type(value.value).__name__, repr(value.value)


def _parameter(names: set[str], first: str) -> str:
    return "channels" if {"in_channels", "out_channels"} <= names else first


def _unused(name: str, taken: Sequence[str], dash: str) -> str:
    candidates = (name if n == 1 else f"{name}{dash}{n}" for n in count(1))
    return next(candidate for candidate in candidates if candidate not in taken)


class Classes:
    """All classes of a network, from the innermost outwards.

    Args:
        passes: module -> what it does, for two numbers of images.
        images: these numbers.
    """

    def __init__(self, passes: Sequence[Mapping[nn.Module, Pass]], images: tuple[int, int]) -> None:
        self._one, self._other = passes
        self._images = images
        self._calls: dict[nn.Module, Group] = {}
        self.all: list[Class] = []

    def add(self, network: nn.Module) -> None:
        """Take in a network.

        Raises:
            UnwritableError: if a module of it cannot be written, naming it.
        """
        names = {
            module: name for name, module in network.named_modules() if torch_class(module) is None
        }
        heights: dict[int, list[nn.Module]] = {}
        for module in names:
            heights.setdefault(_height(module), []).append(module)
        for _, modules in sorted(heights.items()):
            self._group({module: self._named_source(module, names[module]) for module in modules})

    def _group(self, sources: Mapping[nn.Module, ClassSource]) -> None:
        shapes: dict[Any, list[nn.Module]] = {}
        for module, source in sources.items():
            shapes.setdefault(source.shape(), []).append(module)
        for modules in shapes.values():
            alike = [sources[module] for module in modules]
            name = _unused(alike[0].base, [one.name for one in self.all], "")
            self.all.append(Class(name, alike))
            for module in modules:
                self._calls[module] = self.all[-1].call(sources[module])

    def _named_source(self, module: nn.Module, name: str) -> ClassSource:
        try:
            return self._source(module)
        except UnwritableError as error:
            raise UnwritableError(f"{layer_in_words(name, module)}: {error}") from None

    def _source(self, module: nn.Module) -> ClassSource:
        if module not in self._one or module not in self._other:
            raise UnwritableError("no image ever passes through it")
        done = self._one[module]
        if done.looks:
            raise UnwritableError("what it does depends on the numbers in its tensors")
        try:
            result = PassComparison(*self._images).of(done, self._other[module])
        except DifferentError:
            raise UnwritableError("it does something else for another number of images") from None
        return ClassSource(
            type(module).__name__,
            (_first_line(vars(type(module)).get("__doc__")), _first_line(module.forward.__doc__)),
            tuple(self._attributes(module)),
            parameters(done),
            tuple(body(done, result)),
        )

    def _attributes(self, module: nn.Module) -> list[Attribute]:
        made: list[Attribute] = []
        for name, weights in module.named_parameters(recurse=False):
            made.append((f"self.{name} = ", Group("nn.Parameter(", (_empty(name, weights),))))
        for name, tensor in module.named_buffers(recurse=False):
            made.append(("", Group("self.register_buffer(", (f'"{name}"', _buffer(name, tensor)))))
        for name, child in _children_of(module).items():
            layer = self._made(child)
            if name.isidentifier():
                made.append((f"self.{name} = ", layer))
            else:  # in a list of layers with a forward of its own
                made.append(("", Group("self.add_module(", (f'"{name}"', layer))))
        return made

    def _made(self, module: nn.Module) -> Group:
        owner = torch_class(module)
        if owner is None:
            return self._calls[module]
        if not issubclass(owner, CONTAINERS):
            return constructor(module, owner)
        children = {name: self._made(child) for name, child in _children_of(module).items()}
        begin = f"nn.{owner.__name__}("
        if issubclass(owner, nn.ModuleDict):
            return Group(begin + "{", tuple(_entries(children)), "})", listing=True)
        if list(children) != [str(place) for place in range(len(children))]:
            return Group(begin + "OrderedDict({", tuple(_entries(children)), "}))", listing=True)
        listed = tuple(children.values())
        is_list = issubclass(owner, nn.ModuleList)
        return Group(begin + "[" * is_list, listed, "]" * is_list + ")", listing=True)


def _entries(children: Mapping[str, Group]) -> list[Group]:
    return [replace(made, before=f'"{name}": {made.before}') for name, made in children.items()]


def _empty(name: str, tensor: Tensor) -> Expression:
    return Group("torch.empty(", (Value(f"{name}_shape", tuple(tensor.shape)),))


def _buffer(name: str, tensor: Tensor) -> Expression:
    """Its numbers if they are few, else room for them."""
    if tensor.numel() > SMALL or tensor.is_complex():
        shape = Value(f"{name}_shape", tuple(tensor.shape))
        return Group("torch.empty(", (shape, f"dtype={tensor.dtype}"))
    numbers = tensor.tolist()
    usual = torch.tensor(numbers).dtype == tensor.dtype
    dtype = () if usual else (f"dtype={tensor.dtype}",)
    return Group("torch.tensor(", (Value(name, numbers), *dtype))


def _children_of(module: nn.Module) -> dict[str, nn.Module]:
    """A module's children by name; one that has two names is there twice."""
    inner = module.named_modules(remove_duplicate=False)
    return {name: child for name, child in inner if name and "." not in name}


def _height(module: nn.Module) -> int:
    """How many classes of a network's own are nested in a module, at most."""
    inner = max((_height(child) for child in module.children()), default=0)
    return inner + (torch_class(module) is None)


def _quoted(doc: str, indent: str) -> list[str]:
    if not doc:
        return []
    wrapped = textwrap.wrap(f'"""{doc}', WIDTH - len(indent) - len('"""'))
    wrapped[-1] += '"""'
    return [indent + line for line in wrapped]


def _first_line(doc: str | None) -> str:
    """The first line of a documentation, safe to quote."""
    found = cleandoc(doc or "").splitlines()[:1]
    return found[0].replace("\\", "\\\\").replace('"""', "'''") if found else ""
