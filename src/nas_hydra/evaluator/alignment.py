"""Which layer of one network is which of another one, by how both are composed."""

from collections.abc import Iterator
from functools import cache, cached_property
from math import prod

from torch import Tensor, nn

LEADING = 1.0
"""What it costs to leave out the first layers of a network: new ones do less harm further in."""


class Pair:
    """Two modules of one class and those within; as similar as layers in them have counterparts.

    Modules of a sequence or list are aligned in their order, so that one that is inserted moves
    no other (Needleman and Wunsch 1970); those of any other module are told by their names.

    Args:
        mine: of the one network.
        its: of the other.
    """

    def __init__(self, mine: nn.Module, its: nn.Module) -> None:
        self._mine, self._its = mine, its

    @cached_property
    def similarity(self) -> float:
        """0 if nothing of the one has a counterpart in the other."""
        if type(self._mine) is not type(self._its):
            return 0.0
        own = sum(_closeness(*pair) for pair in self._parameters().values())
        bonus = 0.25 if own and _stride(self._mine) == _stride(self._its) else 0.0
        return own + bonus + sum(pair.similarity for _, _, pair in self._within)

    def names(self, mine: str = "", its: str = "") -> Iterator[tuple[str, str]]:
        """The names of parameters and buffers, each with that of its counterpart."""
        if type(self._mine) is not type(self._its):
            return
        for name in _own(self._mine).keys() & _own(self._its).keys():
            yield mine + name, its + name
        for child, other, pair in self._within:
            yield from pair.names(f"{mine}{child}.", f"{its}{other}.")

    def _parameters(self) -> dict[str, tuple[Tensor, Tensor]]:
        mine, its = self._mine._parameters, self._its._parameters
        both = {name: (one, its.get(name)) for name, one in mine.items()}
        return {n: (one, other) for n, (one, other) in both.items() if _are(one, other)}  # type: ignore[misc]

    @cached_property
    def _within(self) -> list[tuple[str, str, "Pair"]]:
        """The modules within that are counterparts, with their names."""
        mine, its = dict(self._mine.named_children()), dict(self._its.named_children())
        if isinstance(self._mine, nn.Sequential | nn.ModuleList):
            return _aligned(mine, its)
        return [(name, name, Pair(mine[name], its[name])) for name in mine if name in its]


def _are(one: Tensor | None, other: Tensor | None) -> bool:
    return one is not None and other is not None and one.dim() == other.dim()


def _own(module: nn.Module) -> dict[str, Tensor]:
    own = {**module._parameters, **module._buffers}
    return {name: tensor for name, tensor in own.items() if tensor is not None}


def _closeness(one: Tensor, other: Tensor) -> float:
    """1 for being there, and up to a half more for being as large."""
    shapes = zip(one.shape, other.shape, strict=True)
    return 1 + prod(min(sizes) / max(*sizes, 1) for sizes in shapes) / 2


def _stride(module: nn.Module) -> object:
    return getattr(module, "stride", None)


def _aligned(mine: dict[str, nn.Module], its: dict[str, nn.Module]) -> list[tuple[str, str, Pair]]:
    """The pairs of two sequences that are most similar in all; of equals, the first ones."""
    ours, others = [*mine.items()], [*its.items()]
    pairs = [[Pair(one, other) for _, other in others] for _, one in ours]
    cost = [LEADING if any(True for _ in one.parameters()) else 0.0 for _, one in ours]

    @cache
    def best(i: int, j: int, begun: bool) -> tuple[float, tuple[tuple[int, int], ...]]:
        """From these places on."""
        if i == len(ours) or j == len(others):
            return 0.0, ()
        worth, rest = best(i + 1, j, begun)
        found = [(worth - (0.0 if begun else cost[i]), rest), best(i, j + 1, begun)]
        if similarity := pairs[i][j].similarity:
            worth, rest = best(i + 1, j + 1, True)
            found.insert(0, (worth + similarity, ((i, j), *rest)))
        return max(found, key=lambda one: one[0])

    return [(ours[i][0], others[j][0], pairs[i][j]) for i, j in best(0, 0, False)[1]]
