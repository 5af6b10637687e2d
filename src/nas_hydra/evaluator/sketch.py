"""A network on torch's meta device, where tensors have a shape but no memory."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional, init
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from nas_hydra.evaluator.build import count_parameters, is_lazy, make_model
from nas_hydra.evaluator.probe import IMAGES, probe

INITIALISERS = {
    *(init.kaiming_uniform_, init.kaiming_normal_, init.xavier_uniform_, init.xavier_normal_),
    *(init.uniform_, init.normal_, init.trunc_normal_, init.constant_, init.ones_, init.zeros_),
    *(torch.Tensor.uniform_, torch.Tensor.normal_, torch.Tensor.fill_, torch.Tensor.zero_),
}
NORMS = {functional.batch_norm, functional.layer_norm}
ELEMENTWISE = {
    *(functional.relu, functional.relu6, functional.hardswish, functional.hardsigmoid),
    *(functional.gelu, functional.silu, functional.dropout),
    *(torch.relu, torch.relu_, torch.Tensor.relu),
}


class ShapesOnly(TorchFunctionMode):
    """Skips what only fills a tensor, or gives one of the same shape.

    On the meta device these are slow: most are decomposed into many operations, in Python.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function of torch, or give what it would have returned."""
        kwargs = kwargs or {}
        if func in INITIALISERS or func in ELEMENTWISE or (func in NORMS and fits(args, kwargs)):
            return self.same(first(args, kwargs), func, kwargs)
        return func(*args, **kwargs)

    def same(self, tensor: Tensor, func: Any, kwargs: Mapping[str, Any]) -> Tensor:
        """A tensor of the same shape: itself."""
        return tensor


def first(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The first argument of a function of torch, however it was given."""
    return args[0] if args else kwargs.get("input", kwargs.get("tensor"))


def fits(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a normalisation takes its input; one that does not is left to say so itself."""
    tensor: Tensor = first(args, kwargs)
    given = args[1] if len(args) > 1 else kwargs.get("running_mean", kwargs.get("normalized_shape"))
    if isinstance(given, Tensor):  # the running mean, one number per channel
        return tensor.dim() > 1 and tuple(given.shape) == tuple(tensor.shape[1:2])
    return given is not None and tuple(tensor.shape[-len(given) :]) == tuple(given)


@contextmanager
def on_meta(mode: ShapesOnly | None = None) -> Iterator[None]:
    """Whatever is made in here has a shape, but neither memory nor values."""
    with torch.device("meta"), mode or ShapesOnly():
        yield


@dataclass(frozen=True, eq=False)
class Sketch:
    """A candidate's network without its weights: any size can be counted, in milliseconds.

    Args:
        config: the candidate's ``model``.
        input_shape: (C, H, W).
    """

    config: Mapping[str, Any]
    input_shape: Sequence[int]

    @cached_property
    def bare(self) -> nn.Module:
        """The network as its constructors leave it: lazy layers have no shape yet.

        Raises:
            CandidateError: if it cannot be built.
        """
        with on_meta():
            return make_model(self.config)

    @cached_property
    def flops(self) -> int:
        """Floating-point operations of one image's forward pass, see ``Candidate.flops``.

        Raises:
            CandidateError: if it cannot be built, or does not take the images.
        """
        model = self.bare
        with on_meta(), FlopCounterMode(display=False) as counter:
            probe(model, self.input_shape)
        return int(counter.get_total_flops()) // IMAGES

    @property
    def model(self) -> nn.Module:
        """The network, its lazy layers made.

        Raises:
            CandidateError: if it cannot be built, or is lazy and does not take the images.
        """
        if is_lazy(self.bare):
            _ = self.flops  # the pass that counts makes them too
        return self.bare

    @property
    def params(self) -> int:
        """Number of trainable parameters, counted as the metric ``params`` is.

        Raises:
            CandidateError: as ``model``.
        """
        return count_parameters(self.model)
