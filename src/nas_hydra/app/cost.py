"""What candidates cost, as ``strategy.cost`` says: counted of each, and weighed by who can."""

import json
import logging
import math
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from numpy.random import default_rng

from nas_hydra.app.settings import Settings
from nas_hydra.app.space import sample
from nas_hydra.config.component import build, build_function
from nas_hydra.errors import CandidateError, ConfigError, in_one_line, listing, nearest
from nas_hydra.evaluator import Evaluator
from nas_hydra.report.files import COST
from nas_hydra.search_space import Genotype, SearchSpace
from nas_hydra.strategy import Strategy
from nas_hydra.strategy.cost import CostAwareness, Costs, Count, Weighing

SAMPLES = 100
"""Random candidates that tell what one costs on average."""
log = logging.getLogger(__name__)

KEPT, TIMED = "costs.jsonl", ("latency",)
"""The file of the costs that are measured and not counted."""
KEY, AWARE, LIMIT = "strategy.cost", "strategy.cost_aware", "budget.cost"


def awareness_of(given: Mapping[str, Any] | None) -> CostAwareness:
    """How much costs count.

    Raises:
        ConfigError: if a setting is not one, or out of its range.
    """
    config = {"_target_": "nas_hydra.strategy.cost.CostAwareness", **(given or {})}
    made: CostAwareness = build(config, AWARE, CostAwareness)
    return made


def costs_of(
    given: Any, awareness: CostAwareness, space: SearchSpace, evaluator: Evaluator, folder: Path
) -> Costs | None:
    """What candidates cost; None where it is not counted.

    Args:
        given: one of the evaluator's ``costs``, the config of a callable of the closed config, or
            None.
        awareness: how much they count.
        space: closes candidates.
        evaluator: has got to know the space.
        folder: of the run, where what is timed is kept.

    Raises:
        ConfigError: if it is none of these.
    """
    if given is None:
        return None
    if COST in {*evaluator.metrics, *(gene.name for gene in space.genes)}:
        problem = (
            f"is counted in the column '{COST}' of trials.csv, and there is a metric or a gene"
        )
        raise ConfigError(KEY, f"{problem} of this name; give that another one")
    whole = max(evaluator.levels, default=0)
    if isinstance(given, Mapping):
        return Costs(_called(given, space), str(given.get("_target_")), whole, awareness)
    if given not in evaluator.costs:
        allowed = [
            *evaluator.costs,
            "null",
            "{_target_: my.function, _partial_: true}, which gets the closed config",
        ]
        hint = nearest(str(given), evaluator.costs)
        problem = f"is {given!r}, which evaluator {type(evaluator).__name__} cannot count"
        raise ConfigError(KEY, f"{problem}; allowed: {listing(allowed)}{hint}")
    count = _count(given, space, evaluator)
    if given in TIMED and evaluator.builds:
        count = _kept(count, folder / KEPT)
    return Costs(count, given, whole, awareness)


def _called(given: Mapping[str, Any], space: SearchSpace) -> Count:
    """The user's own function of the closed config; what it raises is told as what it is."""
    function = build_function(given, KEY)

    def count(genotype: Genotype) -> float:
        try:
            return float(function(space.close(genotype)))
        except Exception as error:
            raise CandidateError(f"{given['_target_']}: {in_one_line(error)}") from error

    return count


def cost_limit(given: Any, costs: Costs | None, space: SearchSpace) -> float | None:
    """What a search may spend, in the unit of its cost; None where that is not limited.

    Args:
        given: a number, or ``20x`` for so many candidates of average cost; None is no limit.
        costs: of candidates.
        space: whose random candidates tell the average, the same ones for every search.

    Raises:
        ConfigError: if it is neither, or no cost is counted.
    """
    if given is None:
        return None
    known = re.fullmatch(r"([0-9.eE+-]+)(x?)", str(given))
    try:
        amount = float(known[1]) if known and not isinstance(given, bool) else math.nan
    except ValueError:
        amount = math.nan
    if known is None or not 0 < amount < math.inf:
        allowed = "allowed: a number above 0, in the unit of strategy.cost, or 20x for so many"
        raise ConfigError(LIMIT, f"is {given!r}; {allowed} average candidates")
    if costs is None:
        problem = "limits a cost, and none is counted; say strategy.cost=flops, or what is to be"
        raise ConfigError(LIMIT, f"{problem} counted; or leave it null")
    return amount * _average(costs, space) if known[2] else amount


def _average(costs: Costs, space: SearchSpace) -> float:
    """The mean cost of ``SAMPLES`` random candidates.

    Raises:
        ConfigError: if none can be told.
    """
    rng, costs = default_rng(0), costs.anew()
    known = [cost for _ in range(SAMPLES) if (cost := costs(sample(space, rng))) is not None]
    if not known or not any(known):
        problem = f"of {SAMPLES} random candidates none has a cost that can be told"
        raise ConfigError(LIMIT, f"{problem}; give a number in the unit of strategy.cost")
    log.info("budget.cost: a candidate costs %.3g %s on average", fmean(known), costs.unit)
    return fmean(known)


def _count(name: str, space: SearchSpace, evaluator: Evaluator) -> Count:
    def count(genotype: Genotype) -> float:
        return evaluator.cost(space.close(genotype) if evaluator.closes else genotype, name)

    return count


def _kept(count: Count, file: Path) -> Count:
    """The same, with what it counted in a file: a search that goes on decides by the same costs.

    Args:
        count: gives another number each time.
        file: a line for each candidate.
    """
    known = _read(file) if file.is_file() else {}

    def kept(genotype: Genotype) -> float:
        if genotype.key not in known:
            known[genotype.key] = count(genotype)
            with file.open("a") as stream:
                stream.write(json.dumps([genotype.key, known[genotype.key]]) + "\n")
        return known[genotype.key]

    return kept


def _read(file: Path) -> dict[str, float]:
    """What was kept; the rest of a line that was not written to its end is cut off."""
    text = file.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole)
    return dict(json.loads(line) for line in whole.splitlines())


def weighed(
    strategy: Strategy,
    given: Mapping[str, Any],
    settings: Settings,
    space: SearchSpace,
    evaluator: Evaluator,
) -> Costs | None:
    """What candidates cost, which the strategy is told; it is said if it does not care.

    ``budget.cost`` is a number from then on.

    Args:
        strategy: to be told.
        given: ``cost`` and ``cost_aware``; without the latter costs are counted and not weighed.
        settings: of the search.
        space: closes candidates.
        evaluator: has got to know the space.

    Raises:
        ConfigError: if one of these settings is wrong.
    """
    awareness, folder = given["cost_aware"], Path(settings.folder)
    costs = costs_of(given["cost"], awareness_of(awareness), space, evaluator, folder)
    settings.budget.cost = cost_limit(settings.budget.cost, costs, space)
    if costs is None or awareness is None:
        return costs
    if isinstance(strategy, Weighing):
        strategy.weigh(costs)
    else:
        log.info("strategy.cost: %s is counted, but this strategy does not weigh it", costs.unit)
    return costs
