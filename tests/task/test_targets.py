"""Targets of data of any kind, all rows at once."""

import torch

from nas_hydra.task.targets import TargetOf, held, names_of, numbers_of, targets
from task.data import data


class Stream:
    """Somebody's own batches, in an order of torch's generator; nobody knows their rows."""

    def __init__(self) -> None:
        self.passes = 0

    def train_batches(self, seed, device=None, parts=1):
        self.passes += 1
        for rows in torch.split(torch.randperm(10), 3):
            yield rows[:, None].float(), {"a": rows.float(), "b": rows % 2}


def test_what_holds_no_rows_is_passed_once_and_nothing_else_is_drawn_otherwise():
    stream = Stream()
    assert held(stream) == {}
    torch.manual_seed(1)
    found = targets(stream)["training"]
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), drawn)
    assert sorted(found["a"].tolist()) == list(range(10))
    one = numbers_of(TargetOf(stream, "a"))["training"]
    assert one.shape == (10, 1)
    assert stream.passes == 1


def test_each_head_has_what_is_said_of_its_target():
    known = data(
        {"a": torch.ones(3), "b": torch.zeros(3)},
        num_classes={"b": 2},
        target_names={"a": ["height"], "b": None},
        limit=7,
    )
    a, b = TargetOf(known, "a"), TargetOf(known, "b")
    assert (a.num_classes, b.num_classes, a.limit) == (None, 2, 7)
    assert names_of(a, 1, "target") == ["height"]
    assert torch.equal(held(b)["validation"], torch.zeros(3))


def test_targets_without_names_are_numbered():
    assert names_of(data(torch.ones(3)), 1, "target") == ["target"]
    assert names_of(data(torch.ones(3, 2)), 2, "target") == ["target 0", "target 1"]
    assert names_of(data(torch.ones(3), target="price"), 1, "target") == ["price"]
