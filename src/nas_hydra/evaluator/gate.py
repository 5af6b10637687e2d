"""The gate: a candidate that cannot fit into memory, or cannot work, costs no training."""

import logging
from collections.abc import Mapping
from typing import Any

import psutil
import torch
from pydantic import ByteSize, TypeAdapter, ValidationError

from nas_hydra.dataset import ImageDataset
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.build import check_logits
from nas_hydra.evaluator.footprint import Footprint, amount, of_candidate
from nas_hydra.evaluator.sketch import Sketch

log = logging.getLogger(__name__)


class Gate:
    """Looks at every candidate on the meta device before any memory is given to it.

    The memory that is there is measured once, when the first candidate comes: what is free later
    depends on what other workers train just then, and which candidates fail must not.

    Args:
        memory_limit: of the process that trains on a CPU, libraries and data included, in bytes or
            as a text: ``2GB``; None is what the machine has. A GPU's memory is its own limit.

    Raises:
        ConfigError: if the limit is no number of bytes.
    """

    def __init__(self, memory_limit: int | str | None) -> None:
        try:
            self._limit = TypeAdapter(ByteSize | None).validate_python(memory_limit)
        except ValidationError as error:
            raise ConfigError(
                "evaluator.memory_limit", f"is {memory_limit!r}; allowed: 2GB, or bytes"
            ) from error
        self._room: dict[torch.device, int] = {}

    def __call__(
        self, candidate: Mapping[str, Any], dataset: ImageDataset, device: torch.device
    ) -> Footprint | None:
        """Let a candidate pass, or refuse it. One that needs values to be built passes.

        Args:
            candidate: its closed config.
            dataset: the one that it names.
            device: that is to train it.

        Returns:
            What its training needs; None if it takes values to find that out.

        Raises:
            CandidateError: if it cannot fit or cannot work; with the figures.
        """
        batch = (dataset.batch_size, *dataset.input_shape)
        try:
            network = Sketch(candidate["model"], dataset.input_shape).bare
        except CandidateError as error:
            log.debug("not built on the meta device: %s", error)
            return None
        needed = of_candidate(candidate, network, batch)
        self._fit(needed, batch[0], device)
        if needed.output is None:
            return None
        check_logits(needed.output, batch[0], dataset.num_classes)
        return needed

    def _fit(self, needed: Footprint, batch_size: int, device: torch.device) -> None:
        if device not in self._room:
            self._room[device] = self._room_on(device)
        room = self._room[device]
        # On a GPU, what does not fit is trained once more alone and with batches cut in two.
        least = needed.bytes - needed.activations // 2 if device.type == "cuda" else needed.bytes
        if least > room:
            key = " under trial.memory_limit" if self._limit and device.type == "cpu" else ""
            raise CandidateError(
                f"does not fit: training takes about {needed} at batch size {batch_size}; "
                f"{device} has {amount(max(room, 0))} for it{key}"
            )

    def _room_on(self, device: torch.device) -> int:
        """Bytes that a training may take: of a GPU all that it has, of a CPU what is available."""
        if device.type == "cuda":
            return int(torch.cuda.get_device_properties(device).total_memory)
        available = int(psutil.virtual_memory().available)
        if self._limit is None:
            return available
        return min(available, self._limit - psutil.Process().memory_info().rss)
