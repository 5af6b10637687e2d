"""Which channels of a network's weights belong together, read off one forward pass."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from nas_hydra.dataset import Tree

CONVOLUTIONS = {f"conv{n}d" for n in (1, 2, 3)}
TRANSPOSED = {f"conv_transpose{n}d" for n in (1, 2, 3)}
VECTORS = {"batch_norm": (1, 2, 3, 4), "layer_norm": (2, 3), "group_norm": (2, 3)}
"""Normalisation -> where among its arguments those with one number per channel are."""
ARITHMETIC = {
    *("add", "iadd", "radd", "sub", "isub", "rsub", "mul", "imul", "rmul"),
    *("div", "truediv", "maximum", "minimum"),
}
PRODUCTS = {"matmul", "einsum"}
MERGING = {"flatten", "reshape", "view"}


@dataclass(eq=False)
class Channels:
    """So many channels of one meaning; layers whose outputs are added have the same ones."""

    size: int
    _same: "Channels | None" = None

    @property
    def root(self) -> "Channels":
        """The one that stands for all that are the same."""
        return self if self._same is None else self._same.root

    def join(self, other: "Channels") -> None:
        """From now on they are the same."""
        mine, its = self.root, other.root
        if mine is not its and mine.size == its.size:
            its._same = mine


class Segment(NamedTuple):
    """Channels along a part of an axis, as flattening leaves them.

    Args:
        channels: of each stretch.
        before: how many stretches there are, one after another.
        after: how many numbers in a row each channel has in a stretch.
    """

    channels: Channels
    before: int = 1
    after: int = 1

    @property
    def length(self) -> int:
        """How many numbers there are."""
        return self.before * self.channels.size * self.after


Axis = tuple[Segment, ...]
"""What stands along a dimension of a tensor."""


class Side(NamedTuple):
    """A dimension of a weight: what stands along it, and whether it is summed over."""

    axis: Axis
    summed: bool


class Place(NamedTuple):
    """The dimension of an activation along which channels stand."""

    tensor: Tensor
    dim: int
    axis: Axis


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution, a linear layer or a normalisation, as it was called.

    Args:
        weight: of it; None of a normalisation without one.
        bias: likewise.
        inside: the channels that it takes.
        outside: those that it gives; a normalisation gives those that it takes.
        given: its input.
        made: its output.
        eps: what a normalisation adds to the variance.
    """

    weight: Tensor | None
    bias: Tensor | None
    inside: Axis
    outside: Axis
    given: Tensor
    made: Tensor
    eps: float = 0.0

    @property
    def dense(self) -> bool:
        """Whether it makes new channels."""
        return self.weight is not None and self.weight.dim() > 1

    @property
    def keeps(self) -> bool:
        """Whether a step or a pixel comes out for each that goes in."""
        return self.given.shape[2:] == self.made.shape[2:]


@dataclass
class Reading(TorchFunctionMode):
    """Sees the functions of torch that a forward pass calls.

    What it does not know is taken to work on each channel alone if the shape says nothing else, so
    its claims may be wrong for networks that are none of convolutions and linear layers.

    Attributes:
        layers: in the order in which they are called.
        sides: id of a weight -> its dimension -> what stands along it.
    """

    layers: list[Layer] = field(default_factory=list)
    sides: dict[int, dict[int, Side]] = field(default_factory=dict)
    _places: dict[int, Place] = field(default_factory=dict)
    _alive: list[Any] = field(default_factory=list)  # so that no id is given twice

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function of torch, and note what it does with channels."""
        kwargs, name = kwargs or {}, getattr(func, "__name__", "").strip("_")
        before = [*_tensors(args), *_tensors(kwargs)]
        output = func(*args, **kwargs)
        if isinstance(output, Tensor):
            self._alive += [*before, output]
            self._read(name, [*args, *kwargs.values()], before, output)
        return output

    def _read(self, name: str, given: list[Any], tensors: list[Tensor], output: Tensor) -> None:
        if name == "linear" or name in CONVOLUTIONS or name in TRANSPOSED:
            self._dense(name, given, output)
        elif name in VECTORS:
            self._norm(name, given, output)
        elif name == "embedding":
            weight = next(tensor for tensor in tensors if tensor.is_floating_point())
            axis = self._side(weight, 1)
            self.layers.append(Layer(weight, None, (), axis, output, output))
            self._put(output, output.dim() - 1, axis)
        elif name in ("cat", "concat", "concatenate"):
            self._cat(given, output)
        elif tensors and not (name in MERGING and self._merge(tensors[0], output)):
            self._pass(name, given, tensors, output)

    def _dense(self, name: str, given: list[Any], output: Tensor) -> None:
        source, weight = given[:2]
        bias = given[2] if len(given) > 2 else None
        place = source.dim() - 1 if name == "linear" else source.dim() - weight.dim() + 1
        groups = given[6] if name != "linear" and len(given) > 6 else 1
        inside = self.axis(source, place)
        if groups > 1:
            outside = self._grouped(weight, inside, output.shape[place])
        else:
            out, into = (1, 0) if name in TRANSPOSED else (0, 1)
            self._note(weight, into, inside, summed=True)
            outside = self._side(weight, out)
            self.layers.append(Layer(weight, bias, inside, outside, source, output))
        if isinstance(bias, Tensor):
            self._note(bias, 0, outside)
        self._put(output, place, outside)

    def _grouped(self, weight: Tensor, inside: Axis, outputs: int) -> Axis:
        """The channels that a convolution in groups gives: depthwise, those that it takes."""
        if weight.shape[:2] == (outputs, 1) and _length(inside) == outputs:
            self._note(weight, 0, inside)
            return inside
        return (Segment(Channels(outputs)),)

    def _norm(self, name: str, given: list[Any], output: Tensor) -> None:
        place = output.dim() - 1 if name == "layer_norm" else 1
        axis = self.axis(given[0], place)
        vectors = [given[index] for index in VECTORS[name] if index < len(given)]
        for vector in vectors:
            if isinstance(vector, Tensor) and vector.dim() == 1:
                self._note(vector, 0, axis)
        weight, bias = vectors[-2:]
        self.layers.append(Layer(weight, bias, axis, axis, given[0], output, given[-1]))
        self._put(output, place, axis)

    def _cat(self, given: list[Any], output: Tensor) -> None:
        parts = given[0]
        dim = (given[1] if len(given) > 1 else 0) % output.dim()
        places = [self._places.get(id(part)) for part in parts]
        known = next((place for place in places if place), None)
        if known is None or known.dim == dim:
            axis = tuple(segment for part in parts for segment in self.axis(part, dim))
            self._put(output, dim, axis)
        else:
            for part in parts:
                _join(known.axis, self.axis(part, known.dim))
            self._put(output, known.dim, known.axis)

    def _merge(self, source: Tensor, output: Tensor) -> bool:
        """Note what flattening makes of the channels; whether it is one."""
        place = self._places.get(id(source))
        flat = source.dim() > 2 == output.dim() and len(source) == len(output)
        if place is None or not flat:
            return False
        before, after = prod(source.shape[1 : place.dim]), prod(source.shape[place.dim + 1 :])
        if before > 1 < len(place.axis):
            return False
        flattened = (Segment(c, before * b, a * after) for c, b, a in place.axis)
        self._put(output, 1, tuple(flattened))
        return True

    def _pass(self, name: str, given: list[Any], tensors: list[Tensor], output: Tensor) -> None:
        """What works on each channel alone leaves them; what adds two makes them the same."""
        places = [place for one in tensors if (place := self._places.get(id(one)))]
        if not places:
            return self._begin(name, tensors, output)
        dim = _turned(places[0], given, output) if name == "transpose" else _left(places[0], output)
        if dim is None:
            return
        if name in ARITHMETIC:
            for one in tensors:
                own = one.dim() - output.dim() + dim
                if own >= 0 and one.shape[own] == output.shape[dim]:
                    self._add(one, own, places[0].axis)
        self._put(output, dim, places[0].axis)

    def _begin(self, name: str, tensors: list[Tensor], output: Tensor) -> None:
        """Channels can begin with a parameter that something else is multiplied by, or added to."""
        last = output.dim() - 1
        for one in tensors if name in ARITHMETIC | PRODUCTS else ():
            if isinstance(one, nn.Parameter) and one.shape[-1:] == output.shape[-1:]:
                self._put(output, last, self._side(one, one.dim() - 1))

    def _add(self, tensor: Tensor, dim: int, axis: Axis) -> None:
        if isinstance(tensor, nn.Parameter):
            self._note(tensor, dim, axis)
        else:
            _join(axis, self.axis(tensor, dim))

    def axis(self, tensor: Tensor, dim: int) -> Axis:
        """What stands along a dimension; channels of its own if nothing is known."""
        place = self._places.get(id(tensor))
        if place is None or place.dim != dim or _length(place.axis) != tensor.shape[dim]:
            place = Place(tensor, dim, (Segment(Channels(tensor.shape[dim])),))
            self._places.setdefault(id(tensor), place)
        return place.axis

    def _put(self, tensor: Tensor, dim: int, axis: Axis) -> None:
        self._places[id(tensor)] = Place(tensor, dim, axis)

    def _side(self, weight: Tensor, dim: int) -> Axis:
        """What a dimension of a weight makes, the same wherever the weight stands."""
        known = self.sides.get(id(weight), {}).get(dim)
        axis = known.axis if known else (Segment(Channels(weight.shape[dim])),)
        self._note(weight, dim, axis)
        return axis

    def _note(self, weight: Tensor, dim: int, axis: Axis, summed: bool = False) -> None:
        known = self.sides.setdefault(id(weight), {}).setdefault(dim, Side(axis, summed))
        _join(known.axis, axis)


def _tensors(given: Any) -> Iterator[Tensor]:
    """The tensors among arguments."""
    if isinstance(given, Tensor):
        yield given
    elif isinstance(given, list | tuple | dict):
        for part in given.values() if isinstance(given, dict) else given:
            yield from _tensors(part)


def _length(axis: Axis) -> int:
    return sum(segment.length for segment in axis)


def _join(one: Axis, other: Axis) -> None:
    """Make the channels of two axes the same, if they are laid out alike."""
    if [segment[1:] for segment in one] == [segment[1:] for segment in other]:
        for mine, its in zip(one, other, strict=True):
            mine.channels.join(its.channels)


def _turned(place: Place, given: list[Any], output: Tensor) -> int:
    """Where channels stand after a transposition."""
    first, second = (int(dim) % output.dim() for dim in given[1:3])
    return {first: second, second: first}.get(place.dim, place.dim)


def _left(place: Place, output: Tensor) -> int | None:
    """Where channels stand after what leaves them alone; None if they cannot be there."""
    source, dim = place.tensor, place.dim
    if dim == source.dim() - 1 and source.dim() != output.dim():
        dim = output.dim() - 1
    kept = 0 <= dim < output.dim() and output.shape[dim] == source.shape[place.dim]
    return dim if kept else None


@dataclass(frozen=True)
class Read:
    """A network, and what a forward pass tells of it.

    Args:
        tensors: name -> a parameter or buffer; one that stands in several places once.
        sides: name -> dimension -> what stands along it.
        layers: in the order in which they are called.
        output: of the pass.
    """

    tensors: Mapping[str, Tensor]
    sides: Mapping[str, Mapping[int, Side]]
    layers: Sequence[Layer]
    output: Any

    def name(self, tensor: Tensor | None) -> str | None:
        """The name of a parameter or buffer; None if it is none."""
        return next((name for name, one in self.tensors.items() if one is tensor), None)


def read(network: nn.Module, inputs: Tree) -> Read:
    """What a pass in evaluation mode tells; the network is left in training mode."""
    network.eval()
    try:
        with torch.no_grad(), Reading() as reading:
            output = network(inputs)
    finally:
        network.train()
    tensors = dict([*network.named_parameters(), *network.named_buffers()])
    sides = {name: reading.sides.get(id(tensor), {}) for name, tensor in tensors.items()}
    return Read(tensors, sides, reading.layers, output)
