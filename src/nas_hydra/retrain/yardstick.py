"""What a winner is measured by: a random candidate, and a known network of like size."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from numpy.random import default_rng

from nas_hydra.assemble import sample
from nas_hydra.errors import CandidateError, ConfigError, listing, nearest
from nas_hydra.evaluator import Evaluator
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.search_space import Genotype, SearchSpace

KNOWN = (
    *("shufflenet_v2_x0_5", "squeezenet1_1", "mnasnet0_5", "mobilenet_v3_small"),
    *("shufflenet_v2_x1_0", "mobilenet_v2", "efficientnet_b0", "resnet18", "resnet34", "resnet50"),
)
"""Of ``torchvision.models``, from 0.35 to 24 million parameters for ten classes."""
SIDE = 32
"""Pixels; smaller images are enlarged, since these networks shrink them five times by two."""
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


def baseline_model(name: str, dataset: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a network of torchvision's for these images.

    Raises:
        ConfigError: if there is no such network, or it takes no such images.
    """
    from torchvision.models import list_models  # 0.5 s

    allowed = [*KNOWN, *(known for known in list_models() if "/" not in known)]
    if name not in allowed:
        hint = nearest(name, allowed)
        raise ConfigError("baseline", f"is '{name}'; allowed: auto, none, {listing(KNOWN)}{hint}")
    channels, height, width = dataset["input_shape"]
    if channels not in (1, 3):
        raise ConfigError(
            "baseline", f"takes images of 1 or 3 channels, not {channels}; say baseline=none"
        )
    parts: list[dict[str, Any]] = []
    if channels == 1:
        parts.append({"_target_": "torchvision.transforms.v2.RGB"})
    if min(height, width) < SIDE:
        size = [max(SIDE, height), max(SIDE, width)]
        parts.append({"_target_": "torchvision.transforms.v2.Resize", "size": size})
    network = {
        "_target_": f"torchvision.models.{name}",
        "num_classes": dataset["num_classes"],
    }
    return {"_target_": "torch.nn.Sequential", "_args_": [*parts, network]}


def nearest_in_size(params: int, dataset: Mapping[str, Any]) -> str:
    """Of ``KNOWN``, the network whose number of parameters is nearest, as a ratio."""

    def distance(name: str) -> float:
        return abs(math.log(size(baseline_model(name, dataset), dataset) / max(params, 1)))

    return min(KNOWN, key=distance)


def size(model: Mapping[str, Any], dataset: Mapping[str, Any]) -> int:
    """Number of trainable parameters, found without memory for them where that is possible.

    Raises:
        CandidateError: if the network cannot be built, or does not take the images.
    """
    one = Prepared({"model": model, "dataset": dataset}, "search")
    try:
        return one.sketch.params
    except CandidateError:  # it takes values to build it
        return count_parameters(one.network())
