"""How much memory the training of a network takes, found without any."""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.parameter import is_lazy

from nas_hydra.config.component import build
from nas_hydra.dataset.tree import Tree
from nas_hydra.document.text import byte_size
from nas_hydra.evaluator.build import tensors
from nas_hydra.evaluator.meta_network import INITIALISERS, ShapesOnly, on_meta

log = logging.getLogger(__name__)

KEEPS_RESULT = {
    *(functional.relu, functional.relu6, functional.dropout, functional.softmax),
    *(torch.relu, torch.relu_, torch.Tensor.relu, torch.sigmoid, torch.tanh, torch.softmax),
    *(torch.Tensor.sigmoid, torch.Tensor.tanh, torch.Tensor.softmax),
}
KEEPS_NOTHING = {
    *(
        torch.add,
        torch.sub,
        torch.neg,
        torch.cat,
        torch.stack,
        torch.mean,
        torch.sum,
        torch.flatten,
    ),
    *(torch.Tensor.__add__, torch.Tensor.__iadd__, torch.Tensor.__radd__, torch.Tensor.add),
    *(torch.Tensor.add_, torch.Tensor.__sub__, torch.Tensor.sub, torch.Tensor.mean),
    *(torch.Tensor.sum, torch.Tensor.contiguous, torch.Tensor.reshape, torch.Tensor.clone),
    *(functional.pad, functional.adaptive_avg_pool2d, functional.interpolate),
}
ADAM = 2.0
"""Bytes that it keeps per byte of a weight: two moments."""
KEEPS_MORE = {functional.max_pool2d: 2.0, functional.multi_head_attention_forward: 4.0}
"""Multiples of their output: places of the maxima, 8 bytes each; query, key, value, context."""


class Keeping(ShapesOnly):
    """Adds up what a forward pass keeps for the backward pass.

    A function of torch keeps the tensors that it gets, unless it is known to keep its result, or
    nothing. Weights are no activations, and a tensor that two functions keep is there once.

    Attributes:
        largest: bytes of the largest tensor made.
    """

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0
        self._more = 0.0
        self._kept: dict[int, Tensor] = {}

    @property
    def kept(self) -> int:
        """Bytes kept so far."""
        return sum(map(_size, self._kept.values())) + int(self._more)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function, and note what it keeps."""
        result = super().__torch_function__(func, types, args, kwargs)
        made = [t for t in tensors(result) if t.is_meta]
        if made:  # most calls only look at a tensor
            given = [t for t in tensors([*args, *(kwargs or {}).values()]) if t.is_meta]
            if given and (func in KEEPS_RESULT or not _views(made[0], given)):
                self._note(func, given, made)
        return result

    def same(self, tensor: Tensor, func: Any, kwargs: Mapping[str, Any]) -> Tensor:
        """A new tensor of the same shape, unless the function works in place.

        One that works in place but keeps its input has to copy it first, so that is no saving.
        """
        in_place = func is torch.relu_ or (kwargs.get("inplace") and func in KEEPS_RESULT)
        return tensor if in_place or func in INITIALISERS else torch.empty_like(tensor)

    def _note(self, func: Any, given: list[Tensor], made: list[Tensor]) -> None:
        self.largest = max(self.largest, *map(_size, made))
        self._more += KEEPS_MORE.get(func, 0) * _size(made[0])
        if func not in KEEPS_NOTHING:
            for tensor in made if func in KEEPS_RESULT else given:
                if not isinstance(tensor, nn.Parameter):
                    # Held, so that no other tensor gets the same place in memory.
                    self._kept[_place(tensor)] = tensor


def _place(tensor: Tensor) -> int:
    """Where a tensor's elements lie: views of one tensor have one place."""
    return int(tensor.untyped_storage()._cdata)


def _size(tensor: Tensor) -> int:
    """Bytes of memory that keep a tensor, or the one that it is a view of, alive."""
    return tensor.untyped_storage().nbytes()


def _views(made: Tensor, given: list[Tensor]) -> bool:
    """Whether a result is (a part of) what was given."""
    return any(_place(made) == _place(tensor) for tensor in given if not is_lazy(tensor))


@dataclass(frozen=True)
class Footprint:
    """What the training of a network needs.

    Args:
        params: number of trainable parameters.
        weights: bytes of parameters and buffers.
        training: bytes of gradients and of the optimizer's state.
        activations: bytes kept for the backward pass of one batch, and the largest tensor.
        output: what the network gives for a batch, on the meta device; None if it cannot tell
            there, where there are no values to look at.
    """

    params: int
    weights: int
    training: int
    activations: int
    output: Tree | None

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.weights + self.training + self.activations

    def __str__(self) -> str:
        return (
            f"{byte_size(self.bytes)} of memory ({self.params:,} parameters, with gradients and "
            f"optimizer {byte_size(self.weights + self.training)}; activations "
            f"{byte_size(self.activations)})"
        )


def footprint(
    model: nn.Module,
    batch: Tree,
    optimizer: Mapping[str, Any],
    half: bool = False,
) -> Footprint:
    """What the training of a network needs, to be found in milliseconds.

    Args:
        model: on the meta device; its lazy layers may still have no shape, and are made.
        batch: the inputs of a batch, on the meta device.
        optimizer: the candidate's ``optimizer``.
        half: whether activations have 16 bits.
    """
    counter = Keeping()
    output = _pass(model, batch, counter)
    trained = _bytes_of(p for p in model.parameters() if p.requires_grad)
    return Footprint(
        params=sum(p.numel() for p in _made(model.parameters()) if p.requires_grad),
        weights=_bytes_of([*model.parameters(), *model.buffers()]),
        training=int(trained * (1 + state_per_weight(json.dumps(optimizer)))),
        activations=(counter.kept + counter.largest) // (2 if half else 1),
        output=output,
    )


def of_candidate(candidate: Mapping[str, Any], model: nn.Module, batch: Tree) -> Footprint:
    """What the training of a candidate needs, as its config says; see ``footprint``."""
    half = "16" in str(candidate["trainer"].get("precision"))
    return footprint(model, batch, candidate["optimizer"], half)


def _pass(model: nn.Module, batch: Tree, counter: Keeping) -> Tree | None:
    """The network's output for a batch in training."""
    try:
        with on_meta(counter), torch.no_grad():
            return model(batch)
    except Exception as error:  # what fails here may work on values; building it for real will tell
        log.debug("no forward pass on the meta device", exc_info=error)
        return None


@lru_cache(maxsize=8)
def state_per_weight(optimizer: str) -> float:
    """Bytes that an optimizer keeps per byte of a weight, found by one step of a small one.

    One that cannot be tried out like this is taken to keep as much as Adam.

    Args:
        optimizer: its config as JSON, nearly always that of the candidate before.

    Raises:
        ConfigError: if its config is wrong.
    """
    make = build({**json.loads(optimizer), "_partial_": True}, "optimizer")
    weight = nn.Parameter(torch.zeros(64, 64))
    weight.grad = torch.zeros_like(weight)
    try:
        stepped = make([weight])
        stepped.step()
    except Exception as error:  # if it refuses its settings, it does so again when it is to train
        log.debug("the optimizer's state is a guess", exc_info=error)
        return ADAM
    return _bytes_of(tensors(list(stepped.state[weight].values()))) / _bytes_of([weight])


def _bytes_of(given: Iterable[Tensor]) -> int:
    """Bytes of tensors whose shape is known."""
    return sum(tensor.numel() * tensor.element_size() for tensor in _made(given))


def _made(given: Iterable[Tensor]) -> list[Tensor]:
    """Those of a lazy network's tensors that have a shape."""
    return [tensor for tensor in given if not is_lazy(tensor)]
