"""Lineage: the winner's ancestors, and what each step changed and gained."""

from dataclasses import replace

from nas_hydra.report.history import lineage
from trials import complete, trials


def test_a_line_begins_with_the_first_ancestor():
    first = complete(0, 0.5, {"width": 16, "act": "relu"})
    second = complete(1, 0.4, {"width": 32, "act": "relu"}, parents=(0,))
    third = complete(5, 0.75, {"width": 32, "act": "relu", "depth": 2}, parents=(1,))
    line = lineage(third, [first, second, third])
    assert [step.trial.number for step in line] == [0, 1, 5]
    assert [step.parent and step.parent.number for step in line] == [None, 0, 1]
    assert [step.changes for step in line] == [{}, {"width": (16, 32)}, {"depth": (None, 2)}]
    assert line[0].gains == {}
    assert line[2].gains == {"val_acc": 0.35}


def test_of_two_parents_the_line_follows_the_one_that_more_comes_from():
    far = complete(0, 0.9, {"a": 1, "b": 1, "c": 1})
    near = complete(1, 0.2, {"a": 2, "b": 2, "c": 2})
    child = complete(2, 0.95, {"a": 2, "b": 2, "c": 1}, parents=(0, 1))
    line = lineage(child, [far, near, child])
    assert [step.trial.number for step in line] == [1, 2]
    assert line[1].changes == {"c": (2, 1)}


def test_of_equally_near_parents_the_line_follows_the_first():
    one, other = complete(0, 0.5, {"a": 1, "b": 1}), complete(1, 0.5, {"a": 2, "b": 2})
    child = complete(2, 0.6, {"a": 1, "b": 2}, parents=(1, 0))
    assert lineage(child, [one, other, child])[0].trial.number == 1


def test_a_trial_without_parents_is_its_own_line():
    (step,) = lineage(trials()[0], trials())
    assert (step.trial.number, step.parent, step.changes) == (0, None, {})


def test_a_parent_that_failed_gains_nothing():
    parent = replace(complete(0, 0.5, {"a": 1}), state="failed", values={})
    line = lineage(complete(1, 0.5, {"a": 2}, parents=(0,)), [parent])
    assert line[1].gains == {}
