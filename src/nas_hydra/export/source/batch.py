"""Where the number of images comes in: two passes compared, of different numbers of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas_hydra.export.source.record import Part, Pass, Step, items, type_of


@dataclass(frozen=True)
class Images:
    """A multiple of the number of images."""

    times: int


class DifferentError(Exception):
    """A module does something else for another number of images."""


class Comparison:
    """Two passes of one module, of so many images.

    Args:
        first: number of images in the first pass.
        second: in the second, another one.
    """

    def __init__(self, first: int, second: int) -> None:
        self._first, self._second = first, second
        self._steps: dict[Step, Step] = {}

    def of(self, one: Pass, other: Pass) -> Any:
        """The result of the first pass, with ``Images`` for what depends on their number.

        Raises:
            DifferentError: if the passes are not the same otherwise.
        """
        return self._same(one.result, other.result)

    def _same(self, one: Any, other: Any) -> Any:
        if isinstance(one, Step) and isinstance(other, Step):
            return self._step(one, other)
        if isinstance(one, Part) and isinstance(other, Part) and one.places == other.places:
            return Part(self._step(one.step, other.step), one.places)
        if isinstance(one, slice) and isinstance(other, slice):
            ends = ((one.start, other.start), (one.stop, other.stop), (one.step, other.step))
            return slice(*(self._same(*pair) for pair in ends))
        left, right = items(one), items(other)
        if left is not None and right is not None:
            return self._all(one, left, right)
        return one if type(one) is type(other) and one == other else self._images(one, other)

    def _all(self, value: Any, left: Any, right: Any) -> Any:
        if [place for place, _ in left] != [place for place, _ in right]:
            raise DifferentError
        pairs = zip(left, right, strict=True)
        found = {place: self._same(one, other) for (place, one), (_, other) in pairs}
        return found if isinstance(value, Mapping) else type_of(value)(found.values())

    def _step(self, one: Step, other: Step) -> Step:
        if one not in self._steps:
            if one.function != other.function:
                raise DifferentError
            arguments = self._same(one.arguments, other.arguments)
            self._steps[one] = Step(
                one.function, arguments, self._same(one.named, other.named), one.number
            )
        return self._steps[one]

    def _images(self, one: Any, other: Any) -> Images:
        whole = type(one) is int and type(other) is int and one % self._first == 0
        if not whole or one * self._second != other * self._first:
            raise DifferentError
        return Images(one // self._first)
