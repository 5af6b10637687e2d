"""Laws of fronts, against definitions that are slow and plain."""

from itertools import combinations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nas_hydra.objective.pareto import crowding, hypervolume, knee, ranks

GRID = st.integers(-3, 3).map(float)
"""Few values, so that ties and copies are common."""
WIDE = st.integers(-(2**20), 2**20).map(lambda number: number / 2**10)
"""No differences that are lost in a sum."""


def points(most: int = 8, objectives: tuple[int, int] = (1, 4), values=GRID | WIDE):
    shapes = st.tuples(st.integers(1, most), st.integers(*objectives))
    return shapes.flatmap(lambda shape: arrays(float, shape, elements=values))


def beats(one, other) -> bool:
    pairs = list(zip(one, other, strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def volume_by_inclusion_and_exclusion(fitness, reference) -> float:
    """Of a union of boxes: the boxes, less what each two share, plus what each three share..."""
    boxes = numpy.maximum(fitness - reference, 0.0)
    return sum(
        (-1) ** (size + 1) * numpy.min(chosen, axis=0).prod()
        for size in range(1, len(boxes) + 1)
        for chosen in combinations(boxes, size)
    )


@given(points())
def test_ranks_are_those_of_peeling_fronts_off(fitness):
    found, left, rank = ranks(fitness), set(range(len(fitness))), 0
    while left:
        front = {i for i in left if not any(beats(fitness[j], fitness[i]) for j in left)}
        assert {i for i in left if found[i] == rank} == front
        left, rank = left - front, rank + 1


def test_no_point_has_no_rank():
    assert ranks(numpy.empty((0, 2))).tolist() == []


@settings(max_examples=200, deadline=None)
@given(points(values=GRID), st.floats(-3, 0))
def test_hypervolume_is_that_of_the_union_of_boxes(fitness, corner):
    reference = numpy.full(fitness.shape[1], corner)
    expected = volume_by_inclusion_and_exclusion(fitness, reference)
    assert hypervolume(fitness, reference) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(points(most=20), st.randoms(use_true_random=False))
def test_hypervolume_does_not_depend_on_the_order(fitness, random):
    reference = fitness.min(0) - 1
    places = list(range(len(fitness)))
    random.shuffle(places)
    columns = list(range(fitness.shape[1]))
    random.shuffle(columns)
    shuffled = hypervolume(fitness[places][:, columns], reference[columns])
    assert shuffled == pytest.approx(hypervolume(fitness, reference), rel=1e-9)


@settings(max_examples=200, deadline=None)
@given(points(most=20), st.data())
def test_hypervolume_grows_with_a_point_exactly_if_none_is_as_good(fitness, data):
    reference = numpy.full(fitness.shape[1], -4.0)
    fitness = numpy.maximum(fitness, -3.0)
    added = data.draw(arrays(float, fitness.shape[1], elements=GRID))
    before = hypervolume(fitness, reference)
    after = hypervolume(numpy.vstack([fitness, added]), reference)
    if (fitness >= added).all(1).any():
        assert after == pytest.approx(before, rel=1e-9)
    else:
        assert after > before


def test_hypervolume_of_known_fronts():
    assert hypervolume(numpy.array([[3.0]]), numpy.array([1.0])) == 2
    stairs = numpy.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]])
    assert hypervolume(stairs, numpy.zeros(2)) == 6
    assert hypervolume(stairs, numpy.array([2.0, 2.0])) == 0
    assert hypervolume(numpy.eye(3) + 1, numpy.zeros(3)) == 4
    assert hypervolume(numpy.empty((0, 2)), numpy.zeros(2)) == 0


@given(points(values=GRID))
def test_crowding_is_infinite_at_the_ends_and_below_the_objectives_elsewhere(fitness):
    found = crowding(fitness)
    spread = numpy.flatnonzero(numpy.ptp(fitness, axis=0))
    for column in fitness.T[spread]:
        assert numpy.isinf(found[column == column.max()]).any()
        assert numpy.isinf(found[column == column.min()]).any()
    finite = found[numpy.isfinite(found)]
    assert (finite >= 0).all()
    assert (finite <= fitness.shape[1]).all()
    assert len(spread) or not found.any()


@given(st.lists(GRID | WIDE, min_size=3, unique=True), st.randoms(use_true_random=False))
def test_crowding_does_not_depend_on_the_order_or_the_scale(values, random):
    front = numpy.array([[value, -value] for value in values])
    places = list(range(len(values)))
    random.shuffle(places)
    assert crowding(front[places]) == pytest.approx(crowding(front)[places])
    assert crowding(4 * front) == pytest.approx(crowding(front))


def test_crowding_is_the_share_of_the_range_between_the_neighbours():
    front = numpy.array([[0.0, 10.0], [1.0, 8.0], [2.0, 4.0], [4.0, 0.0]])
    assert crowding(front).tolist() == [numpy.inf, 2 / 4 + 6 / 10, 3 / 4 + 8 / 10, numpy.inf]


def test_the_knee_is_farthest_from_the_line_between_the_ends():
    front = numpy.array([[0.0, 1000.0], [0.5, 900.0], [0.9, 700.0], [1.0, 0.0]])
    assert knee(front) == 2
    assert knee(front * [1e-3, 1e6]) == 2


@pytest.mark.parametrize(
    "front",
    [
        [[0.0, 1.0], [0.2, 0.2], [1.0, 0.0]],  # a dent
        [[0.0, 1.0], [0.5, 0.52], [1.0, 0.0]],  # a line
        [[1.0, 2.0], [2.0, 1.0]],
        [[5.0, 5.0, 5.0]],
    ],
)
def test_a_front_without_a_bulge_has_no_knee(front):
    assert knee(numpy.array(front)) is None


def test_no_end_is_a_knee():
    assert knee(numpy.array([[0.379, -1.00], [0.854, -1.08]])) is None
    steep = numpy.array([[0.0, 0.0, 9.0], [0.9, 0.9, 0.0], [1.0, 0.0, 0.1], [0.0, 1.0, 0.2]])
    assert knee(steep) == 1


def test_a_cost_that_hardly_differs_does_not_count_as_a_whole_range():
    assert knee(numpy.array([[0.379, -1.00], [0.6, -1.01], [0.854, -1.08]])) is None
    assert knee(numpy.array([[0.379, -0.1], [0.7, -0.2], [0.854, -1.08]])) == 1


@settings(max_examples=200, deadline=None)
@given(points(most=12, objectives=(2, 3), values=WIDE), st.randoms(use_true_random=False))
def test_the_knee_is_no_end_and_does_not_depend_on_the_order(fitness, random):
    front = fitness[ranks(fitness) == 0]
    places = list(range(len(front)))
    random.shuffle(places)
    found, again = knee(front), knee(front[places])
    assert (found is None) == (again is None)
    if found is not None:
        assert not (front[found] == front.max(0)).any()
