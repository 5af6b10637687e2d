"""What a search can find out at all: how long a candidate is trained, and how finely it is told."""

import logging
import math

from nas_hydra.dataset.rows import number_of_batches
from nas_hydra.evaluator.prepared import Prepared

log = logging.getLogger(__name__)

FEW_STEPS = 20
"""Of the optimizer: with fewer, next to nothing is learned from scratch."""


def tell_outlook(one: Prepared, steps: float) -> None:
    """Say what a candidate's training takes, and what its metrics are to be compared with.

    Args:
        one: a candidate.
        steps: of the optimizer, of a whole training; infinite if only a clock ends it.
    """
    rows = one.data.rows
    if math.isfinite(steps) and rows is not None:
        batches = number_of_batches(rows, one.data.batch_size)
        log.info(
            "training: each candidate takes %s steps of %s %s, %s an epoch",
            *(f"{steps:,}", -(-rows // batches), one.data.unit, f"{batches:,}"),
        )
    if steps < FEW_STEPS:
        log.warning(
            "training: %s steps are too few to learn much from scratch; give more with"
            " trainer.max_epochs or a smaller dataset.batch_size (null: what suits the data)",
            f"{steps:,}",
        )
    for line in one.task.outlook(one.data):
        log.info("%s", line)
