"""The picture of a front: a point per trial, a staircase, and numbers that can be read."""

import sys
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings

from nas_hydra.objective import Limit, Objective, Objectives
from nas_hydra.picture.front import POINT, RING, SIDE, Plane, Scale, front_picture, scale_of
from nas_hydra.picture.palette import DECIDED, LINE, MUTED
from nas_hydra.picture.scene import Box, Drawing, Stroke, Text
from nas_hydra.trial import Proposal, Trial, duplicate
from picture.boxes import assert_readable
from trials import TWO, complete, standing

VALUES = [(0.5, 5.0), (0.8, 9.0), (0.2, 1.0), (0.7, 2.0)]


def told(values=VALUES) -> list[Trial]:
    """Of the values as they stand, the front is that of trials 1, 2 and 3."""
    trials = [
        complete(number, acc, {"width": number + 1}, val_loss=loss, params=10.0 * number)
        for number, (acc, loss) in enumerate(values)
    ]
    return [
        *trials,
        duplicate(Proposal(len(trials), trials[0].proposal.genotype, "random"), trials[0]),
    ]


def drawn(objectives: Objectives, trials: list[Trial]) -> Drawing:
    return front_picture(trials, standing(*trials, objectives=objectives), objectives, "a < b")


def discs(picture: Drawing, radius: float) -> list[Box]:
    return [one for one in picture.shapes if isinstance(one, Box) and one.radius == radius]


def middle(box: Box) -> tuple[float, float]:
    return box.x + box.width / 2, box.y + box.height / 2


def texts(picture: Drawing) -> list[str]:
    return [one.run.text for one in picture.shapes if isinstance(one, Text)]


def test_there_is_a_point_per_evaluated_trial_and_a_ring_at_the_knee():
    picture = drawn(TWO, told())
    points, (ring,) = discs(picture, POINT), discs(picture, RING)
    assert [point.fill for point in points] == [MUTED, DECIDED, DECIDED, DECIDED]
    assert middle(ring) in [pytest.approx(middle(point)) for point in points[1:]]
    assert {"a < b", "val_acc (higher is better)", "val_loss (lower is better)"} <= set(
        texts(picture)
    )
    assert "3 on the front" in texts(picture)


def test_what_breaks_a_limit_is_pale_and_the_picture_says_so():
    picture = drawn(Objectives(TWO.optimised, (Limit("params", at_most=15),)), told())
    fills = sorted(point.fill for point in discs(picture, POINT))
    assert fills == sorted([LINE, LINE, DECIDED, DECIDED])
    assert any("pale: 2 over a limit" in text for text in texts(picture))


def test_three_objectives_have_a_panel_for_each_but_the_first():
    three = Objectives((*TWO, Objective("params", "minimize")))
    assert len(discs(drawn(three, told()), POINT)) == 2 * 4


def test_one_trial_alone_can_be_drawn():
    assert len(discs(drawn(TWO, told()[:1]), POINT)) == 1


@pytest.mark.parametrize("directions", [("maximize", "minimize"), ("minimize", "maximize")])
def test_the_staircase_goes_through_the_front_and_never_better_than_it(directions):
    down, across = (Scale(Objective(*one), 0, 10) for one in zip("ab", directions, strict=True))
    plane = Plane(across, down)
    spots = [(2.0, 3.0), (5.0, 6.0), (8.0, 7.0)]
    if directions == ("minimize", "maximize"):
        spots = [(10 - a, 10 - b) for a, b in spots]
    trials = [Trial(Proposal(0, {}, "x"), "complete", {"a": a, "b": b}) for a, b in spots]
    stairs = plane.staircase(trials)
    assert {plane.spot(trial) for trial in trials} <= set(stairs)
    assert all(one[0] == other[0] or one[1] == other[1] for one, other in pairwise(stairs))
    assert all(side in (0.0, SIDE) for side in (stairs[0][1], stairs[-1][0]))
    assert any(
        isinstance(one, Stroke) and one.color == DECIDED for one in drawn(TWO, told()).shapes
    )


numbers = st.floats(-1e9, 1e9) | st.floats(0.9, 0.91) | st.floats(1e-7, 1e-6)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6))
@example([(0.0, 1.0), (0.0, sys.float_info.min / 2)])
@example([(0.0, 1.0), (0.0, sys.float_info.max)])
def test_no_text_is_on_another_whatever_the_values(values):
    assert_readable(drawn(TWO, told(values)))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0.93, 1.02, ["0.94", "0.96", "0.98", "1.00", "1.02"]),
        (1200.0, 98000.0, ["20,000", "40,000", "60,000", "80,000"]),
        (-3.0, 5.0, ["-2", "0", "2", "4"]),
        (0.0, 2.5e6, ["0.0 M", "0.5 M", "1.0 M", "1.5 M", "2.0 M", "2.5 M"]),
    ],
)
def test_ticks_are_round_numbers(low, high, ticks):
    assert [span.text for _, span in Scale(TWO[0], low, high).ticks] == ticks


def test_what_differs_by_factors_stands_at_powers_of_ten():
    values = [(0.5, 900.0), (0.8, 2e6), (0.7, 30000.0)]
    losses = scale_of(TWO[1], [trial for trial in told(values) if trial.complete])
    assert losses.log
    assert [span.text for _, span in losses.ticks] == ["1,000", "10,000", "100,000", "1 M"]
