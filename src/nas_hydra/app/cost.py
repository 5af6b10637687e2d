"""What candidates cost, as ``strategy.cost`` says: counted of each, and weighed by who can."""

import logging
from collections.abc import Mapping
from typing import Any

from nas_hydra.config.component import build, build_function
from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.evaluator import Evaluator
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.cost import Costs, Count, Thrift, Weighing

log = logging.getLogger(__name__)

KEY, THRIFT = "strategy.cost", "strategy.thrift"


def thrift_of(given: Mapping[str, Any] | None) -> Thrift:
    """How much costs count.

    Raises:
        ConfigError: if a setting is not one, or out of its range.
    """
    config = {"_target_": "nas_hydra.strategy.cost.Thrift", **(given or {})}
    made: Thrift = build(config, THRIFT, Thrift)
    return made


def costs_of(given: Any, thrift: Thrift, space: SearchSpace, evaluator: Evaluator) -> Costs | None:
    """What candidates cost; None where it is not counted.

    Args:
        given: one of the evaluator's ``costs``, the config of a callable of the closed config, or
            None.
        thrift: how much they count.
        space: closes candidates.
        evaluator: has got to know the space.

    Raises:
        ConfigError: if it is none of these.
    """
    if given is None:
        return None
    whole = max(evaluator.levels, default=0)
    if isinstance(given, Mapping):
        function = build_function(given, KEY)
        return Costs(lambda g: function(space.close(g)), str(given.get("_target_")), whole, thrift)
    if given not in evaluator.costs:
        allowed = [
            *evaluator.costs,
            "null",
            "{_target_: my.function}, which gets the closed config",
        ]
        hint = nearest(str(given), evaluator.costs)
        problem = f"is {given!r}, which evaluator {type(evaluator).__name__} cannot count"
        raise ConfigError(KEY, f"{problem}; allowed: {listing(allowed)}{hint}")
    return Costs(_count(given, space, evaluator), given, whole, thrift)


def _count(name: str, space: SearchSpace, evaluator: Evaluator) -> Count:
    def count(genotype: Genotype) -> float:
        return evaluator.cost(space.close(genotype) if evaluator.closes else genotype, name)

    return count


def weighed(strategy: Strategy, costs: Costs | None) -> None:
    """Let a strategy know what candidates cost; it is said if it does not care."""
    if costs is None:
        return
    if isinstance(strategy, Weighing):
        strategy.weigh(costs)
    else:
        log.info("strategy.cost: %s is counted, but this strategy does not weigh it", costs.unit)
