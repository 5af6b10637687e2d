"""A network on torch's meta device, where tensors have a shape but no memory."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional, init
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from nas_hydra.dataset.tree import Tree, number_of_rows
from nas_hydra.errors import CandidateError
from nas_hydra.evaluator.base import seeded
from nas_hydra.evaluator.build import count_parameters, is_lazy, make_model, probe, zeros
from nas_hydra.process.warned import unsaid

INITIALISERS = {
    *(init.kaiming_uniform_, init.kaiming_normal_, init.xavier_uniform_, init.xavier_normal_),
    *(init.uniform_, init.normal_, init.trunc_normal_, init.constant_, init.ones_, init.zeros_),
    *(torch.Tensor.uniform_, torch.Tensor.normal_, torch.Tensor.fill_, torch.Tensor.zero_),
}
FIXED = ("torch.", "torchvision.", "nas_hydra.")
"""Modules of these make all of their layers when they are built, but for lazy ones."""
NO_WEIGHTS = "for .*: copying from a non-meta parameter in the checkpoint to a meta parameter"
"""What torch says of each weight that a network loads, and that has no place to go there."""
META = torch.device("meta")
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
        if func in INITIALISERS or func in ELEMENTWISE or (func in NORMS and _fits(args, kwargs)):
            return self.same(_first(args, kwargs), func, kwargs)
        return func(*args, **kwargs)

    def same(self, tensor: Tensor, func: Any, kwargs: Mapping[str, Any]) -> Tensor:
        """A tensor of the same shape: itself."""
        return tensor


def _first(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The first argument of a function of torch, however it was given."""
    return args[0] if args else kwargs.get("input", kwargs.get("tensor"))


def _fits(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a normalisation takes its input; one that does not is left to say so itself."""
    tensor: Tensor = _first(args, kwargs)
    given = args[1] if len(args) > 1 else kwargs.get("running_mean", kwargs.get("normalized_shape"))
    if isinstance(given, Tensor):  # the running mean, one number per channel
        return tensor.dim() > 1 and tuple(given.shape) == tuple(tensor.shape[1:2])
    return given is not None and tuple(tensor.shape[-len(given) :]) == tuple(given)


@contextmanager
def on_meta(mode: ShapesOnly | None = None) -> Iterator[None]:
    """Whatever is made in here has a shape, but neither memory nor values."""
    with unsaid(NO_WEIGHTS), torch.device("meta"), mode or ShapesOnly():
        yield


@dataclass(frozen=True, eq=False)
class MetaNetwork:
    """A candidate's network without its weights: any size can be counted, in milliseconds.

    Args:
        config: the candidate's ``model``.
        inputs: of a few rows, as of an example.
    """

    config: Mapping[str, Any]
    inputs: Tree

    @cached_property
    def bare(self) -> nn.Module:
        """The network as its constructors leave it: lazy layers have no shape yet.

        Raises:
            CandidateError: if it cannot be built.
        """
        with on_meta():
            return make_model(self.config)

    @cached_property
    def _passed(self) -> tuple[nn.Module, int]:
        """The network after a pass of a few rows, and how many operations that took.

        One that takes values to be built, or to be passed through, is built with them.
        """
        try:
            with on_meta():
                inputs = zeros(self.inputs, number_of_rows(self.inputs), META)
                return self.bare, operations(self.bare, inputs)
        except CandidateError as error:
            if not _lacks_values(error):
                raise
        with seeded(0):
            model = make_model(self.config)
            return model, operations(model, self.inputs)

    @property
    def flops(self) -> int:
        """Floating-point operations of one row's forward pass, see ``Candidate.flops``.

        Raises:
            CandidateError: if it cannot be built, or does not take the inputs.
        """
        return self._passed[1]

    @property
    def model(self) -> nn.Module:
        """The network as it is trained: layers that are made in the first pass are there.

        Raises:
            CandidateError: if it cannot be built; or if the first pass may make layers, and it
                does not take the inputs.
        """
        try:
            grows = _may_grow(self.bare)
        except CandidateError:
            grows = True
        return self._passed[0] if grows else self.bare

    @property
    def params(self) -> int:
        """Number of trainable parameters, counted as the metric ``params`` is.

        Raises:
            CandidateError: as ``model``.
        """
        return count_parameters(self.model)


def operations(model: nn.Module, inputs: Tree) -> int:
    """Floating-point operations of one row's forward pass, where the network and the inputs are.

    Raises:
        CandidateError: if it does not take the inputs.
    """
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # whose operations nobody counts
    try:
        with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            probe(model, inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    return int(counter.get_total_flops()) // number_of_rows(inputs)


def _may_grow(model: nn.Module) -> bool:
    """Whether a pass can make layers: a lazy one, or code that is neither ours nor torch's."""
    known = all(type(part).__module__.startswith(FIXED) for part in model.modules())
    return not known or is_lazy(model)


def _lacks_values(error: BaseException) -> bool:
    """Whether something failed since tensors of the meta device have no values."""
    while error.__cause__ is not None:
        error = error.__cause__
    return "meta" in str(error).lower()
