"""A candidate as constraints see it: its closed config, and its network without any weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nas_hydra.engine.restoring import restored
from nas_hydra.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

    from nas_hydra.evaluator.prepared import Prepared


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
            ConfigError: if the dataset does not say, or says another number of sizes.
        """
        given = self._dataset("input_shape")
        if not isinstance(given, list | tuple) or len(given) != 3:
            problem = f"is {given!r}; allowed: [channels, height, width]"
            raise ConfigError("dataset.input_shape", problem)
        channels, height, width = given
        return channels, height, width

    @property
    def num_classes(self) -> int:
        """The dataset's number of classes.

        Raises:
            ConfigError: if the dataset does not say.
        """
        return int(self._dataset("num_classes"))

    @property
    def model(self) -> "nn.Module":
        """The network on the meta device, the layers that a first pass makes among its own.

        One that takes values to be built, or passed through, is on the CPU.

        Raises:
            CandidateError: if it cannot be built.
        """
        return self._ask("model")  # type: ignore[no-any-return]

    @property
    def params(self) -> int:
        """Number of trainable parameters, counted as the metric ``params`` is.

        Raises:
            CandidateError: if the network cannot be built.
        """
        return self._ask("params")  # type: ignore[no-any-return]

    @property
    def flops(self) -> int:
        """Floating-point operations of one row's forward pass: of one image.

        Two for each multiply-accumulate of convolutions, matrix products and attention
        (``torch.utils.flop_counter``); elementwise operations, normalisation and pooling count
        as nothing. Papers often give multiply-accumulates: half of this.

        Raises:
            CandidateError: if the network cannot be built, or does not take the inputs.
        """
        return self._ask("flops")  # type: ignore[no-any-return]

    @property
    def memory(self) -> int:
        """Bytes that the training of one batch takes at its peak, as the metric ``memory``.

        Raises:
            CandidateError: if the network cannot be built, or takes values for that.
        """
        self._dataset("batch_size")
        prepared = self._prepared
        with restored():
            return prepared.footprint.bytes

    def _ask(self, name: str) -> Any:
        sketch = (
            self._prepared.meta_network
        )  # which imports torch, whose settings a network may change
        with restored():
            return getattr(sketch, name)

    @cached_property
    def _prepared(self) -> "Prepared":
        # Here, since it imports torch, and most constraints need no network.
        from nas_hydra.evaluator.prepared import Prepared

        if "_target_" not in self.config.get("dataset", {}):
            _ = self.input_shape  # or there is no example
        return Prepared(self.config, "search")

    def _dataset(self, name: str) -> Any:
        given = self.config.get("dataset", {}).get(name)
        if given is None:
            problem = "is missing, but a constraint needs it; put it back, or choose a dataset=..."
            raise ConfigError(f"dataset.{name}", problem)
        return given
