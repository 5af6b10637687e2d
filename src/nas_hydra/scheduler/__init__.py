"""Learning-rate schedulers that torch has not."""

from nas_hydra.scheduler.warmup_cosine import WarmupCosine

__all__ = ["WarmupCosine"]
