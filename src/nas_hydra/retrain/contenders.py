"""What is asked for, and the networks that are trained: the winner, and those it is measured by."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from numpy.random import default_rng

from nas_hydra.app.space import sample
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.retrain.training import Contender
from nas_hydra.search_space import Genotype, SearchSpace

AUTO, NONE = "auto", "none"
DRAW = 2**32
"""The generator of the random candidate, which no proposal of the search has."""
TRIES = 20


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Args:
        run: the folder of a search.
        trial: number of the trial to retrain; None is the winner.
        pareto: ``all`` retrains every trial of the front.
        seeds: how often each network is trained, at least 1.
        baseline: name of a constructor of ``torchvision.models`` to compare with; ``auto`` takes
            the one of the nearest size, ``none`` leaves it out.
        random: whether a random candidate of the space is trained for comparison.
        folder: where the model goes; None is below the run.
        force: also if the data has changed since the search, or a model is there already.
        trust: modules that the search's config may name, see ``nas_hydra.config.foreign``.
        config_dirs: further folders of config groups that ``overrides`` may name options of.
        url: of the storage of its record, if that is on a server; else none is connected to.
    """

    run: Path
    trial: int | None = None
    pareto: Literal["all"] | None = None
    seeds: int = 3
    baseline: str = AUTO
    random: bool = True
    folder: Path | None = None
    force: bool = False
    trust: Sequence[str] = ()
    config_dirs: Sequence[Path] = ()
    url: str | None = None


def winner(space: SearchSpace, number: int, genotype: Genotype) -> Contender:
    """A trial as a contender."""
    return Contender("winner", f"trial {number}", space.close(genotype), dict(genotype))


def random_candidate(
    space: SearchSpace, evaluator: Evaluator, seed: int, others: Sequence[str]
) -> Contender:
    """A random candidate that can work, fixed by the seed.

    Args:
        space: of it.
        evaluator: tells whether it can.
        seed: of the search.
        others: keys of candidates that it must not be.

    Raises:
        ConfigError: if none is found.
    """
    rng = default_rng((seed, DRAW))
    for _ in range(TRIES):
        genotype = sample(space, rng)
        config = space.close(genotype)
        try:
            evaluator.check(config)
        except CandidateError:
            continue
        if genotype.key not in others:
            return Contender("random", "a random candidate", config, dict(genotype))
    raise ConfigError(
        "random", f"{TRIES} random candidates cannot work, or are the winner; say random=false"
    )


def baseline_of(one: Contender, name: str) -> list[Contender]:
    """A known network, trained as the contender is; empty if none is wanted, or known."""
    candidate = Prepared(one.candidate, "search")
    known = candidate.task.baselines(candidate.example)
    if name == NONE or (name == AUTO and not known):
        return []
    if name == AUTO:
        name = nearest_in_size(candidate, known)
    config = with_baseline(candidate, name).config
    return [Contender("baseline", f"torchvision's {name}", config)]


def nearest_in_size(one: Prepared, names: Sequence[str]) -> str:
    """Of known networks, that whose number of parameters is nearest, as a ratio.

    Args:
        one: the network that it is to be near to, with its task and its data.
        names: of those that there are, see ``Task.baselines``.
    """
    params = size(one)

    def distance(name: str) -> float:
        return abs(math.log(size(with_baseline(one, name)) / max(params, 1)))

    return min(names, key=distance)


def with_baseline(one: Prepared, name: str) -> Prepared:
    """The same candidate with a known network.

    Raises:
        ConfigError: if there is no such network, or it does not take the inputs.
    """
    return Prepared({**one, "model": one.task.baseline(name, one.example)}, one.stage)


def size(one: Prepared) -> int:
    """Number of trainable parameters, found without memory for them where that is possible.

    Raises:
        CandidateError: if the network cannot be built, or does not take the inputs.
    """
    try:
        return one.meta_network.params
    except CandidateError:  # it takes values to build it
        return count_parameters(one.network())
