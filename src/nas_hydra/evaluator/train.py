"""Evaluation by training: what stands before it is put together here."""

from collections.abc import Sequence

from nas_hydra.evaluator.base import Evaluator, Wrapping
from nas_hydra.evaluator.costs import Costed
from nas_hydra.evaluator.gate import Gated
from nas_hydra.evaluator.latency import Latency
from nas_hydra.evaluator.store import Stored
from nas_hydra.evaluator.training import Training


class TrainEvaluator(Wrapping):
    """Trains a candidate, unless it cannot fit, or the store knows it.

    Measured are what the task measures (of classification ``val_acc``, ``val_f1``, ``val_loss`` and
    ``train_loss``) and ``params`` (trainable ones), and on demand ``flops`` (of one row's forward
    pass, two for each multiply-accumulate, see ``Candidate.flops``), ``latency`` (milliseconds of a
    forward pass, see ``Latency``; with the weights, layout and precision of training) and
    ``memory`` (bytes that the training of one batch takes at its peak, see ``Footprint``: an
    estimate, the same on every device). A candidate of which this cannot be told is not trained,
    and fails.

    Args:
        seed: see ``Training``, as of the next three.
        channels_last: likewise.
        tf32: likewise.
        compile: likewise.
        store: folder that keeps evaluations across runs, see ``Stored``; None or ``none`` keeps
            none.
        memory_limit: what would need more is not trained, see ``Gated``.
        measure: metrics to measure beside those of training, see ``Costed``.
        latency: how it is measured; needed only where ``measure`` names it.
    """

    def __init__(
        self,
        seed: int,
        channels_last: bool = True,
        tf32: bool = True,
        compile: bool = False,
        store: str | None = None,
        memory_limit: int | str | None = None,
        measure: Sequence[str] = (),
        latency: Latency | None = None,
    ) -> None:
        training = Training(seed, channels_last, tf32, compile)
        known: Evaluator = training if store in (None, "none") else Stored(training, str(store))
        super().__init__(Gated(Costed(known, training, measure, latency), memory_limit))
