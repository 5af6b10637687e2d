"""Searches in which trials have levels, without any training."""

from collections import deque

from numpy.random import default_rng

from nas_hydra.fidelity.first_epoch import FirstEpoch
from nas_hydra.fidelity.halving import Halving
from nas_hydra.objective import Objective, Objectives
from nas_hydra.strategy.base import Decorator
from nas_hydra.testing.strategy import smooth, varied_space
from nas_hydra.trial import Trial
from strategy.strategies import maker

VALUE = Objectives((Objective("value", "maximize"),))
LEVELS = tuple(range(1, 10))


def halving(strategy, objectives=VALUE, levels=LEVELS, **changes):
    given = {"minimum": 1, "maximum": None, "reduction": 3, "rungs": None, "brackets": 1}
    return Halving(strategy, objectives, levels, **{**given, **changes})


def first_epoch(strategy, objectives=VALUE, levels=LEVELS, epochs=1, top=10, trials=40):
    return FirstEpoch(strategy, objectives, levels, epochs, top, trials)


def noisy(genotype, level):
    """What more training tells better."""
    return smooth(genotype) + (int(genotype.key, 16) * (level + 1) % 1009) / 1009 / (level + 1)


def searched(strategy, trials, ahead=1, seed=0, measure=noisy, objectives=VALUE, watch=None):
    """The trials in ask order; ``watch`` is called with the told ones after each proposal."""
    asked, told, pending = [], [], deque()

    def tell():
        told.append(pending.popleft())
        strategy.tell(told[-1])

    while len(asked) < trials:
        proposal = None
        if len(pending) < ahead:
            proposal = strategy.ask(len(asked), default_rng((seed, len(asked))))
        if proposal is None and not pending:
            break
        if proposal is None:
            tell()
            continue
        if watch:
            watch(proposal, told)
        asked.append(measured(proposal, measure, objectives))
        pending.append(asked[-1])
    while pending:
        tell()
    return asked


def measured(proposal, measure, objectives):
    value = measure(proposal.genotype, proposal.fidelity.level)
    if value is None:
        return Trial(proposal, "failed", error="no luck")
    values = {one.name: value if place == 0 else -value for place, one in enumerate(objectives)}
    return Trial(proposal, "complete", values, values)


def around(decorate, name, **settings):
    """A decorated strategy of conf/strategy on ``varied_space``."""
    return decorate(maker(name)(varied_space(), VALUE, 0), **settings)


def plain(strategy):
    """The strategy as it is, told that it is decorated."""
    return Decorator(strategy)
