"""Splits by what the target is."""

import torch

from nas_hydra.dataset.split.by_target import ByTarget
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.split.stratified import Stratified


def parts(splitter, target):
    rest, chosen = splitter.parted(target, 0.25, 0, "dataset.validation")
    return rest.tolist(), chosen.tolist()


def test_classes_are_stratified_and_numbers_are_not():
    labels = torch.tensor([0] * 36 + [1] * 4)
    assert parts(ByTarget(), labels) == parts(Stratified(), labels)
    assert parts(ByTarget(), labels.float()) == parts(Random(), labels.float())


def test_a_limit_is_drawn_likewise():
    labels = torch.tensor([0] * 36 + [1] * 4)
    for target, splitter in ((labels, Stratified()), (labels.float(), Random())):
        drawn = ByTarget().drawn(target, 9, 0, "dataset.limit")
        assert drawn.equal(splitter.drawn(target, 9, 0, "dataset.limit"))
