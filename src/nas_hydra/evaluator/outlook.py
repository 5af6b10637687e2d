"""What a search can find out at all: how long a candidate is trained, and how finely it is told."""

import logging
import math

from nas_hydra.dataset import ImageDataset
from nas_hydra.dataset.images import number_of_batches

log = logging.getLogger(__name__)

FEW_STEPS = 20
"""Of the optimizer: with fewer, next to nothing is learned from scratch."""


def tell_outlook(dataset: ImageDataset, steps: float) -> None:
    """Say what a candidate's training takes, and what its accuracy is to be compared with.

    Args:
        dataset: of a candidate.
        steps: of the optimizer, of a whole training; infinite if only a clock ends it.
    """
    images = len(dataset.train)
    batches = number_of_batches(images, dataset.batch_size)
    if math.isfinite(steps):
        log.info(
            "training: each candidate takes %s steps of %s images, %s an epoch",
            f"{steps:,}",
            -(-images // batches),
            f"{batches:,}",
        )
    if steps < FEW_STEPS:
        log.warning(
            "training: %s steps are too few to learn much from scratch; give more with"
            " trainer.max_epochs or a smaller dataset.batch_size (null: what suits the data)",
            f"{steps:,}",
        )
    if dataset.valid is None:
        return
    counts = dataset.valid.labels.bincount()
    number = int(counts.sum())
    log.info(
        "validation: each of %s images is %.2g %% of the accuracy; to name the most frequent"
        " class always would give %.3g %%",
        f"{number:,}",
        100 / number,
        100 * float(counts.max()) / number,
    )
