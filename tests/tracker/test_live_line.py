"""How long the rest of a search is said to take."""

from dataclasses import replace

import pytest

from nas_hydra.tracker.live_line import RemainingTime
from nas_hydra.trial import duplicate
from trials import complete


def trial(number, seconds):
    return replace(complete(number, 0.5, {"width": number}), seconds=seconds)


def estimated(finished, trials, seconds, start=100.0):
    """What is said after each trial, told when it is finished, each of the same length."""
    estimate, said = RemainingTime(trials), []
    for number, now in enumerate(finished):
        estimate.tell(trial(number, seconds), recorded=False, now=start + now)
        said.append(estimate.seconds(start + now))
    return said


def test_one_after_the_other_it_is_known_after_two():
    assert estimated([10.0, 20.1, 30.2], trials=4, seconds=10) == [
        None,
        pytest.approx(20.1),
        pytest.approx(10.07, abs=0.01),
    ]


def test_beside_each_other_it_is_known_after_two_rounds():
    finished = [10, 10.1, 10.2, 10.3, 20.5, 20.6, 20.7, 20.8]
    said = estimated(finished, trials=16, seconds=10)
    assert said[:7] == [None] * 7
    assert said[7] == pytest.approx(20.8)


def test_starting_workers_is_not_counted():
    assert estimated([50, 60.1], trials=3, seconds=10)[-1] == pytest.approx(10.05)


def test_it_gets_less_while_one_waits_and_ends_with_the_budget():
    estimate = RemainingTime(3)
    for number in range(2):
        estimate.tell(trial(number, 10), recorded=False, now=10.1 * (number + 1))
    assert estimate.seconds(24.0) == pytest.approx(10.1 - 3.8, abs=0.1)
    assert estimate.seconds(99.0) == 0
    estimate.tell(trial(2, 10), recorded=False, now=30.3)
    assert estimate.seconds(30.3) is None


def test_what_took_no_time_here_says_nothing_of_when_trials_began():
    estimate, first = RemainingTime(10), trial(0, 10)
    estimate.tell(trial(5, 1000), recorded=True, now=0.0)
    estimate.tell(first, recorded=False, now=10.0)
    estimate.tell(replace(trial(1, 5000), source="another run"), recorded=False, now=10.0)
    estimate.tell(duplicate(first.proposal, first), recorded=False, now=10.0)
    estimate.tell(trial(3, 10), recorded=False, now=20.1)
    assert estimate.left == 5
    for number in range(4, 6):
        estimate.tell(trial(number, 10), recorded=False, now=10.1 * (number - 1))
    assert estimate.seconds(40.4) == pytest.approx(3 * 40.4 / 6)
