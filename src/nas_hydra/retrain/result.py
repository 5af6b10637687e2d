"""What was measured of the networks over the seeds: mean and spread."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from nas_hydra.retrain.training import Contender, Role, SeedTraining

LEVEL = 0.95


@dataclass(frozen=True)
class Spread:
    """A metric over the seeds.

    Args:
        values: one for each seed whose training was completed.
        mean: of them.
        std: their standard deviation; None for one value.
        interval: of the mean, 95 %, by Student's t; None for one value. It knows the chance in the
            training, not that in the choice of the test images.
    """

    values: Sequence[float]
    mean: float
    std: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True)
class NetworkResult:
    """One network, over all seeds.

    Args:
        role: what it is there for.
        name: in words.
        metrics: what was measured; empty if no training was completed.
        seconds: of all its trainings.
        errors: of the trainings that failed.
    """

    role: Role
    name: str
    metrics: Mapping[str, Spread]
    seconds: float
    errors: Sequence[str]


def result_of(contender: Contender, trainings: Sequence[SeedTraining]) -> NetworkResult:
    """What these trainings of a network come to."""
    trials = [training.trial for training in trainings]
    complete = [trial for trial in trials if trial.complete]
    names = complete[0].metrics if complete else ()
    return NetworkResult(
        contender.role,
        contender.name,
        {name: spread([trial.metrics[name] for trial in complete]) for name in names},
        round(sum(trial.seconds for trial in trials), 3),
        [trial.error for trial in trials if trial.error],
    )


def spread(values: Sequence[float]) -> Spread:
    """Mean, standard deviation and interval of at least one value."""
    mean = statistics.fmean(values)
    if len(values) == 1:
        return Spread(values, mean, None, None)
    std = statistics.stdev(values)
    half = std / len(values) ** 0.5 * float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1))
    return Spread(values, mean, std, (mean - half, mean + half))
