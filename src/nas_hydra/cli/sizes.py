"""How large a space's networks are: parameters and FLOPs of random candidates."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from nas_hydra.constraint import Candidate
from nas_hydra.errors import CandidateError
from nas_hydra.search_space import Genotype, SearchSpace


@dataclass
class Sizes:
    """What was counted; ``refusals`` are the reasons why other candidates could not be built."""

    params: list[int] = field(default_factory=list)
    flops: list[int] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)


def measure(space: SearchSpace, genotypes: Iterable[Genotype]) -> Sizes:
    """Build each candidate without memory and count it; equal candidates are built once.

    Args:
        space: closes the genotypes.
        genotypes: random candidates.

    Raises:
        ConfigError: if the dataset does not say what its images are like.
    """
    sizes = Sizes()
    known: dict[str, tuple[int, int]] = {}
    for genotype in genotypes:
        try:
            if repr(genotype) not in known:
                known[repr(genotype)] = _count(Candidate(space.close(genotype)))
        except CandidateError as error:
            sizes.refusals[str(error)] += 1
        else:
            params, flops = known[repr(genotype)]
            sizes.params.append(params)
            sizes.flops.append(flops)
    return sizes


def _count(candidate: Candidate) -> tuple[int, int]:
    return candidate.params, candidate.flops


def rows(sizes: Sizes) -> Iterator[tuple[str, str]]:
    """What was counted, for people."""
    if sizes.params:
        yield "parameters", spread(sizes.params)
        yield "FLOPs", f"{spread(sizes.flops)} per image"
    if sizes.refusals:
        reason, times = sizes.refusals.most_common(1)[0]
        yield "cannot work", f"{sizes.refusals.total()} of them; {times}: {reason}"


def spread(numbers: Sequence[int]) -> str:
    """The smallest, the median and the largest."""
    return f"{short(min(numbers))} to {short(max(numbers))}, median {short(median(numbers))}"


def short(number: float) -> str:
    """Three digits that matter: ``38.3 k``, ``1.53 M``, ``12 G``."""
    for unit, sign in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * unit:
            return f"{number / unit:.3g} {sign}"
    return f"{number:.0f}"
