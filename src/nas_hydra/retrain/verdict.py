"""What trainings come to, and how a model compares with the networks trained beside it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from nas_hydra.document.content import Table
from nas_hydra.document.text import number, rounded
from nas_hydra.objective import Objective
from nas_hydra.retrain.training import Contender, Role, SeedTraining

LEVEL = 0.95
"""Of an interval."""
FEWEST = 3
"""Seeds from which on an interval is told."""


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
        role: what it is there for; a reference is no network, and has no parameters.
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


def network_result(contender: Contender, trainings: Sequence[SeedTraining]) -> NetworkResult:
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


def verdict(results: Sequence[NetworkResult], objective: Objective, percent: Sequence[str]) -> str:
    """How the model compares with the baselines, in a sentence or two.

    Args:
        results: of each network, the model's first.
        objective: by which they are compared.
        percent: the scores that are shown in per cent, see ``Task``.
    """
    name = objective.name
    own, *others = _told_of([one for one in results if name in one.metrics], objective)
    share = name in _shares(percent)
    value = own.metrics[name]
    head = f"{own.name.capitalize()} has a {name} of {_mean(value, share)}"
    if not others:
        return f"{head}; it is compared with nothing."
    told = ", and ".join(_against(own, one, objective, share) for one in others)
    few = min(len(one.metrics[name].values) for one in (own, *others)) < FEWEST
    doubt = f" With fewer than {FEWEST} seeds, that may be chance." if few else ""
    return f"{head}: {told}.{doubt}"


def _told_of(results: Sequence[NetworkResult], objective: Objective) -> list[NetworkResult]:
    """All networks; and of simpler methods the best one, which speaks for the others."""
    simpler = [one for one in results if one.role == "reference"]
    best = sorted(simpler, key=lambda one: objective.signed(one.metrics[objective.name].mean))[-1:]
    return [one for one in results if one.role != "reference" or one in best]


def _against(own: NetworkResult, one: NetworkResult, objective: Objective, share: bool) -> str:
    """``it beats a random candidate by 1.2 points (their intervals do not overlap)``."""
    mine, its = own.metrics[objective.name], one.metrics[objective.name]
    gain = objective.signed(mine.mean - its.mean)
    if not gain:
        return f"{one.name} is as good"
    by = f"{rounded(100 * abs(gain))} points" if share else rounded(abs(gain))
    told = f"it beats {one.name} by {by}" if gain > 0 else f"{one.name} was better by {by}"
    ends = interval(mine, share), interval(its, share)
    if ends[0] is None or ends[1] is None:
        return told
    apart = ends[0][0] > ends[1][1] or ends[1][0] > ends[0][1]
    how = "do not overlap" if apart else "overlap, so that may be chance"
    return f"{told} (their intervals {how})"


def interval(value: Spread, share: bool) -> tuple[float, float] | None:
    """The interval of a mean within what is possible; None of too few seeds.

    Args:
        value: over the seeds.
        share: whether it is one, from 0 to 1.
    """
    if value.interval is None or len(value.values) < FEWEST:
        return None
    low, high = value.interval
    return (max(low, 0.0), min(high, 1.0)) if share else (low, high)


def compared(results: Sequence[NetworkResult], percent: Sequence[str]) -> Table:
    """What was measured of the networks, one a line.

    Args:
        results: of each.
        percent: the scores that are shown in per cent, see ``Task``.
    """
    names = [name for name in results[0].metrics if name != "train_loss"]
    shares = _shares(percent)
    rows = [
        (one.name, *(_measured(one, name, name in shares) for name in names)) for one in results
    ]
    return Table(("network", *names), rows)


def _shares(percent: Sequence[str]) -> list[str]:
    return [f"test_{name}" for name in percent]


def _measured(one: NetworkResult, name: str, share: bool) -> str:
    """``92.31 % ± 0.12 (92.0 to 92.6)``."""
    if name not in one.metrics:
        return "failed" if one.errors else ""
    value, factor = one.metrics[name], 100 if share else 1
    shown = _mean(value, share)
    if not value.std:
        return shown
    ends = interval(value, share)
    told = f" ({number(factor * ends[0])} to {number(factor * ends[1])})" if ends else ""
    return f"{shown} ± {rounded(factor * value.std)}{told}"


def _mean(value: Spread, share: bool) -> str:
    return f"{100 * value.mean:.2f} %" if share else number(value.mean)
