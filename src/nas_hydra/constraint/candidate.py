"""A candidate as constraints see it: its closed config, and its network without any weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nas_hydra.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Candidate:
    """A candidate whose network is built only if somebody asks for it.

    The network lies on torch's meta device, where tensors have a shape but no memory, so that
    one of any size can be counted.

    Args:
        config: the candidate's closed config: ``model``, ``dataset``, ``optimizer``, ...; must not
            be changed.
    """

    config: Mapping[str, Any]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the dataset's images.

        Raises:
            ConfigError: if the dataset does not say.
        """
        channels, height, width = self._dataset("input_shape")
        return channels, height, width

    @property
    def num_classes(self) -> int:
        """The dataset's number of classes.

        Raises:
            ConfigError: if the dataset does not say.
        """
        return int(self._dataset("num_classes"))

    @cached_property
    def model(self) -> "nn.Module":
        """The network on the meta device, its lazy layers made.

        Raises:
            CandidateError: if it cannot be built.
        """
        import torch  # here, since most constraints need no network

        from nas_hydra.evaluator.build import is_lazy, make_model
        from nas_hydra.evaluator.probe import probe

        with torch.device("meta"):
            model = make_model(self.config["model"])
            if is_lazy(model):
                probe(model, self.input_shape)
        return model

    @cached_property
    def params(self) -> int:
        """Number of trainable parameters, counted as the metric ``params`` is.

        Raises:
            CandidateError: if the network cannot be built.
        """
        from nas_hydra.evaluator.build import count_parameters

        return count_parameters(self.model)

    @cached_property
    def flops(self) -> int:
        """Floating-point operations of one image's forward pass.

        Two for each multiply-accumulate of convolutions, matrix products and attention
        (``torch.utils.flop_counter``); elementwise operations, normalisation and pooling count
        as nothing. Papers often give multiply-accumulates: half of this.

        Raises:
            CandidateError: if the network cannot be built, or does not take the images.
        """
        import torch
        from torch.utils.flop_counter import FlopCounterMode

        from nas_hydra.evaluator.probe import IMAGES, probe

        model = self.model
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            probe(model, self.input_shape)
        return int(counter.get_total_flops()) // IMAGES

    def _dataset(self, name: str) -> Any:
        try:
            return self.config["dataset"][name]
        except KeyError:
            raise ConfigError(
                f"dataset.{name}", "is missing, but a constraint needs it; put it back"
            ) from None
