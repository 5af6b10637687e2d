"""A network begins with another one's weights, so that it computes the same function.

After Net2Net (Chen, Goodfellow and Shlens 2016): a wider layer has copies of channels, a deeper
network new layers that are the identity. What sums over copies is shared among them unevenly, so
that they do not stay copies in training (LEMON, Wang et al. 2024); nothing is disturbed by noise.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.dataset import Tree
from nas_hydra.errors import CandidateError
from nas_hydra.evaluator.alignment import Pair
from nas_hydra.evaluator.build import tensors
from nas_hydra.evaluator.channels import Axis, Channels, Layer, Read, Segment, read
from nas_hydra.trial import Course

log = logging.getLogger(__name__)
SAME = 1e-4
"""Outputs that differ by less, relative to the largest of them, are those of the same function."""


def inherit(
    network: nn.Module,
    course: Course,
    build: Callable[[Mapping[str, Any]], nn.Module],
    inputs: Tree,
) -> float:
    """Give a network the weights of the trial that it inherits from, where they have a place.

    Layers are matched by how both networks are composed, which their closed configs say
    (``alignment``); channels by a forward pass, which shows which of them are added, normalised or
    summed over together (``channels``).

    - Wider: channels are repeated, and what sums over them is shared among the copies.
    - Narrower: the channels with the largest weights are kept.
    - Deeper: a new convolution or linear layer is the identity; on a residual branch, it adds 0. It
      changes nothing where its activation leaves alone what comes in, as ReLU does what is not
      negative, and where nothing is pooled after it. A new batch norm is the identity in evaluation
      only; in training it normalises by the batch.
    - A kernel that grows has zeros around it; one that shrinks loses its border.

    What has no counterpart otherwise, or lies in layers that sum over something else than channels,
    stays as it was initialised. A line of the log says so where the network does not compute what
    its parent does.

    Where the checkpoint is gone, the trial fails: from scratch it would come to something else
    than it says, and a search would depend on when a file was deleted. The loop keeps checkpoints
    until all that inherit from them are told, so only somebody's hand can have done it.

    Args:
        network: as built, its lazy layers made; on the CPU.
        course: with a ``parent``, whose checkpoint has the ``state_dict`` of the network alone.
        build: makes a network of a closed config, as ``network`` was made.
        inputs: of a few rows.

    Returns:
        The share of the network's parameters whose values are the parent's, 0 to 1.

    Raises:
        CandidateError: if the checkpoint is not there, or cannot be read.
    """
    assert course.parent_candidate is not None
    weights = _weights(course)
    parent = build(course.parent_candidate)
    fresh = {name: buffer.clone() for name, buffer in parent.named_buffers()}
    parent.load_state_dict(weights)
    mine, its = read(network, inputs), read(parent, inputs)
    names = dict(Pair(network, parent).names())
    constant = {name for name, one in fresh.items() if torch.equal(one, weights[name])}
    known = {name: of for name, of in names.items() if name in mine.tensors and of in its.tensors}
    with torch.no_grad():
        share = _Transfer(mine, its, known, constant)()
    _tell(network, its, inputs, share)
    return share


def _weights(course: Course) -> dict[str, Tensor]:
    """What the parent has left."""
    number, file = course.fidelity.inherits, course.parent
    assert file is not None
    if not file.is_file():
        raise CandidateError(
            f"the weights of trial {number}, with which it begins, are gone: {file.name}"
            " was deleted while it was needed; start in a new folder"
        )
    try:
        found: dict[str, Tensor] = torch.load(file, weights_only=True)["state_dict"]
    except Exception as error:  # of a file that is none, torch raises whatever it meets
        raise CandidateError(
            f"the weights of trial {number}, with which it begins, cannot be read from {file.name}"
        ) from error
    return found


def _tell(network: nn.Module, parent: Read, inputs: Tree, share: float) -> None:
    """Say so if a network does not compute what its parent does."""
    mine = tensors(read(network, inputs).output)
    for one, other in zip(mine, tensors(parent.output), strict=False):
        if one.shape == other.shape and (one - other).abs().max() <= SAME * other.abs().max():
            continue
        text = "%.0f %% of the weights are inherited; the function is another one than the parent's"
        log.debug(text, 100 * share)
        return


@dataclass
class _Transfer:
    """Moves the weights of one network into another one.

    Args:
        mine: gets them.
        its: has them.
        names: of parameters and buffers -> those of their counterparts.
        constant: buffers of its that training has not changed; they follow from a config.
    """

    mine: Read
    its: Read
    names: Mapping[str, str]
    constant: set[str]
    _counterpart: dict[Channels, Channels] = field(default_factory=dict)
    _weighed: dict[Channels, Tensor] = field(default_factory=dict)

    def __call__(self) -> float:
        """Move them all; the share of the parameters that were."""
        for layer in self.mine.layers:
            self._relate(layer)
        self._begin_new()
        moved = {name: self._move(name, of) for name, of in self.names.items()}
        sizes = {n: one.numel() for n, one in self.mine.tensors.items() if _learns(one)}
        return sum(moved.get(name, 0) for name in sizes) / max(sum(sizes.values()), 1)

    def _relate(self, layer: Layer) -> None:
        """Find the counterparts of the channels that a layer takes and gives."""
        name = self.mine.name(layer.weight)
        if name is None:
            return
        if name in self.names:
            theirs = self.its.sides[self.names[name]]
            for dim, side in self.mine.sides[name].items():
                if dim in theirs and len(side.axis) == len(theirs[dim].axis):
                    for one, other in zip(side.axis, theirs[dim].axis, strict=True):
                        self._counterpart.setdefault(one.channels.root, other.channels.root)
        elif layer.dense and (through := _through(layer)):
            source, made = through
            if source.root in self._counterpart:
                self._counterpart.setdefault(made.root, self._counterpart[source.root])

    def _begin_new(self) -> None:
        """Make layers without a counterpart the identity, or on a residual branch nothing."""
        written: set[Channels] = set()
        for layer in self.mine.layers:
            made = {segment.channels.root for segment in layer.outside}
            if layer.weight is not None and self.mine.name(layer.weight) not in self.names:
                if not layer.dense:
                    layer.weight.mul_((1 + layer.eps) ** 0.5)
                elif made <= written:
                    self._silence(layer)
                else:
                    self._pass_on(layer)
            if layer.dense:
                written |= made

    def _silence(self, layer: Layer) -> None:
        """Make what a layer gives 0: by the normalisation right after it, if there is one."""
        after = (one for one in self.mine.layers if one.given is layer.made and not one.dense)
        last = next((one for one in after if one.weight is not None), layer)
        for tensor in (last.weight, last.bias):
            if tensor is not None:
                tensor.zero_()

    def _pass_on(self, layer: Layer) -> None:
        """Make a dense layer hand on what comes in, if it can."""
        through, weight = _through(layer), layer.weight
        if through is None or weight is None or not layer.keeps:
            return
        source, made = (channels.root for channels in through)
        parent = self._counterpart.get(source)
        if parent is None or self._counterpart.get(made) is not parent:
            return
        into, out = self._picks(source, parent), self._picks(made, parent)
        identity = (out[:, None] == into).float() * _shares(into, len(out))
        weight.zero_()
        middle: Any = (..., *(size // 2 for size in weight.shape[2:]))
        weight[middle] = identity.to(weight)
        if layer.bias is not None:
            layer.bias.zero_()

    def _move(self, name: str, of: str) -> int:
        """Put a counterpart's values in their places; how many values are from there."""
        tensor, source = self.mine.tensors[name], self.its.tensors[of]
        sides, theirs = self.mine.sides[name], self.its.sides[of]
        if not sides and of in self.constant:
            return 0
        values, there = source, torch.ones_like(source, dtype=torch.float32)
        own = torch.zeros_like(tensor, dtype=torch.bool)
        for dim, size in enumerate(tensor.shape):
            if dim in sides and dim in theirs:
                index = self._index(sides[dim].axis, theirs[dim].axis)
                values, there = (_picked(one, dim, index) for one in (values, there))
                if sides[dim].summed:
                    shares = _shares(index, tensor.shape[1 - dim])
                    values = values * _shaped(shares if dim else shares.T, tensor.dim())
                else:
                    own |= _along(index < 0, dim, tensor.dim())
            elif dim > 1 and sides:
                values, there = (_centred(one, dim, size) for one in (values, there))
        if values.shape != tensor.shape or not there.any():
            return 0
        tensor.copy_(torch.where(own, tensor, values))
        return int(there[~own].sum())

    def _index(self, axis: Axis, other: Axis) -> Tensor:
        """Where along an axis of the parent each number of one of its heir comes from; -1: nowhere.

        Axes of as many segments are taken as laid out alike; else, segments are known by their
        channels.
        """
        starts = [0, *torch.tensor([segment.length for segment in other]).cumsum(0).tolist()]
        left = [*range(len(other))]
        found = []
        for place, segment in enumerate(axis):
            if len(axis) != len(other):
                wanted = self._counterpart.get(segment.channels.root)
                place = next((k for k in left if other[k].channels.root is wanted), -1)
            if place not in left or segment[1:] != other[place][1:]:
                found.append(torch.full((segment.length,), -1))
                continue
            left.remove(place)
            found.append(starts[place] + self._within(segment, other[place]))
        return torch.cat(found)

    def _within(self, segment: Segment, other: Segment) -> Tensor:
        """As ``_index``, of one segment."""
        mine, its = segment.channels.root, other.channels.root
        before, after = torch.arange(segment.before), torch.arange(segment.after)
        channels = before[:, None] * its.size + self._picks(mine, its)
        return (channels[..., None] * segment.after + after).flatten()

    def _picks(self, mine: Channels, its: Channels) -> Tensor:
        """From which of the parent's channels each of the heir's comes."""
        if mine.size >= its.size:
            return torch.arange(mine.size) % its.size
        if its not in self._weighed:
            self._weighed[its] = self._importance(its)
        return self._weighed[its].topk(mine.size).indices.sort().values

    def _importance(self, channels: Channels) -> Tensor:
        """The sum of the squares of all weights to and from each channel of the parent."""
        found = torch.zeros(channels.size)
        for name, sides in self.its.sides.items():
            if not _learns(self.its.tensors[name]):
                continue
            for dim, side in sides.items():
                lengths = [one.length for one in side.axis]
                parts = torch.split(self.its.tensors[name], lengths, dim)
                for segment, part in zip(side.axis, parts, strict=True):
                    if segment.channels.root is channels:
                        shape = (segment.before, channels.size, segment.after, -1)
                        found += part.movedim(dim, 0).reshape(shape).square().sum((0, 2, 3)).cpu()
        return found


def _through(layer: Layer) -> tuple[Channels, Channels] | None:
    """The channels that a layer takes and gives, if each number of an axis is a channel."""
    if len(layer.inside) != 1 or len(layer.outside) != 1:
        return None
    (source,), (made,) = layer.inside, layer.outside
    return (source.channels, made.channels) if source[1:] == made[1:] == (1, 1) else None


def _learns(tensor: Tensor) -> bool:
    """Whether it is a parameter."""
    return isinstance(tensor, nn.Parameter)


def _picked(values: Tensor, dim: int, index: Tensor) -> Tensor:
    """Values from their places along a dimension; 0 from nowhere."""
    there = _along(index >= 0, dim, values.dim())
    return values.index_select(dim, index.clamp(min=0)) * there


def _shares(index: Tensor, rows: int) -> Tensor:
    """How much of a channel each of its copies gives, (rows, copies): drawn, 1 in all of them."""
    places = index + 1
    if len(index) == 0 or int(torch.bincount(index[index >= 0]).max()) < 2:
        return torch.ones(rows, len(index))
    drawn = 0.5 + torch.rand(rows, len(index))
    whole = torch.zeros(rows, int(places.max()) + 1).index_add_(1, places, drawn)
    return drawn / whole[:, places]


def _along(vector: Tensor, dim: int, dims: int) -> Tensor:
    """A vector along one of several dimensions."""
    return vector.reshape([-1 if place == dim else 1 for place in range(dims)])


def _shaped(matrix: Tensor, dims: int) -> Tensor:
    """A matrix along the first two of several dimensions."""
    return matrix.reshape(*matrix.shape, *[1] * (dims - 2))


def _centred(values: Tensor, dim: int, size: int) -> Tensor:
    """The middle of values along a dimension, with zeros around it if they are fewer."""
    length = values.shape[dim]
    if length >= size:
        return values.narrow(dim, (length - size) // 2, size)
    before = (size - length) // 2
    padding = [0, 0] * (values.dim() - 1 - dim) + [before, size - length - before]
    return nn.functional.pad(values, padding)
