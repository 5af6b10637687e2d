"""Networks whose members answer each row in training."""

import torch
from torch.nn.functional import cross_entropy

from nas_hydra.task.members import per_answer


def test_the_loss_is_the_mean_of_the_members_losses():
    answers = torch.randn(3, 5, 4)  # of three members
    target = torch.tensor([0, 3, 1, 1, 2])
    output = answers.flatten(0, 1)
    loss = cross_entropy(output, per_answer(target, output))
    assert torch.isclose(loss, sum(cross_entropy(one, target) for one in answers) / 3)


def test_every_head_is_repeated():
    target = {"kind": torch.tensor([0, 1]), "price": torch.tensor([[1.0], [2.0]])}
    found = per_answer(target, {"kind": torch.randn(4, 3), "price": torch.randn(4, 1)})
    assert found["kind"].tolist() == [0, 1, 0, 1]
    assert found["price"].tolist() == [[1.0], [2.0], [1.0], [2.0]]


def test_what_is_no_answer_of_members_is_left_to_the_task():
    target = torch.tensor([0, 1])
    for output in (
        torch.randn(2, 3),
        torch.randn(3, 3),
        torch.randn(0, 3),
        torch.tensor(1.0),
        torch.randn(128),  # rows that were flattened
        "no",
    ):
        assert per_answer(target, output) is target
