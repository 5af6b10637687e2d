"""Splits that suit the target: by class of classes, at random of all else."""

import torch

from nas_hydra.dataset.split.auto import Auto
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.split.stratified import Stratified


def same(left, right) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


def test_classes_keep_their_shares():
    labels = (torch.arange(100) % 10 == 0).long()
    found = Auto().parted(labels, 0.2, 0, "key")
    assert same(found, Stratified().parted(labels, 0.2, 0, "key"))
    assert int(labels[found[1]].sum()) == 2
    assert torch.equal(Auto().drawn(labels, 40, 1, "key"), Stratified().drawn(labels, 40, 1, "key"))


def test_numbers_are_split_at_random():
    numbers = torch.rand(100)
    assert same(Auto().parted(numbers, 0.2, 0, "key"), Random().parted(numbers, 0.2, 0, "key"))
    assert torch.equal(Auto().drawn(numbers, 40, 1, "k"), Random().drawn(numbers, 40, 1, "k"))
