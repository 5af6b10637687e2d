"""What a winner is measured by: a random candidate, and a known network of like size."""

import math
from collections.abc import Sequence

from numpy.random import default_rng

from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator import Evaluator
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.opened import sample
from nas_hydra.search_space import Genotype, SearchSpace

DRAW = 2**32
"""The generator of the random candidate, which no proposal of the search has."""
TRIES = 20


def random_candidate(
    space: SearchSpace, evaluator: Evaluator, seed: int, others: Sequence[str]
) -> Genotype:
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
        try:
            evaluator.check(space.close(genotype))
        except CandidateError:
            continue
        if genotype.key not in others:
            return genotype
    raise ConfigError(
        "random", f"{TRIES} random candidates cannot work, or are the winner; say random=false"
    )


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
        return one.sketch.params
    except CandidateError:  # it takes values to build it
        return count_parameters(one.network())
