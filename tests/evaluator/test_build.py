"""Where a network fails, and on what."""

from contextlib import suppress

import pytest
import torch
from torch import Tensor, nn

from nas_hydra.errors import CandidateError
from nas_hydra.evaluator.build import probe


class Residual(nn.Module):
    """Adds what may not fit."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor) -> Tensor:
        return images + self.inner(images)


class Joint(nn.Module):
    """Takes a list of tensors, as dense networks do."""

    def forward(self, parts: list[Tensor], scale: Tensor) -> Tensor:
        return torch.cat(parts, 1) * scale


class Calls(nn.Module):
    """Calls its inner module in its own way."""

    def __init__(self, inner: nn.Module, call) -> None:
        super().__init__()
        self.inner, self.call = inner, call

    def forward(self, images: Tensor) -> Tensor:
        return self.call(self.inner, images)


def silent(inner: nn.Module, images: Tensor) -> Tensor:
    assert images is None


def caught(inner: nn.Module, images: Tensor) -> Tensor:
    with suppress(RuntimeError):
        inner(images)
    return images[..., :3]


def pooled(kernel: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.LazyConv2d(16, 3, padding=1), nn.MaxPool2d(kernel))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            nn.Sequential(pooled(8), nn.Sequential(nn.ReLU(), nn.Conv2d(16, 8, 3))),
            "in layer '1.1' (Conv2d) on an input of shape (2, 16, 1, 1), ",
        ),
        (
            nn.Sequential(nn.Flatten(), nn.LazyConv2d(4, 3)),  # it fails before its forward
            "in layer '1' (LazyConv2d) on an input of shape (2, 64), ",
        ),
        (
            nn.Sequential(pooled(), Residual(nn.Conv2d(16, 8, 1))),
            "in layer '1' (Residual) on an input of shape (2, 16, 4, 4), ",
        ),
        (nn.Linear(5, 10), "in its own forward (Linear) on an input of shape (2, 1, 8, 8), "),
        (
            Calls(Joint(), lambda joint, x: joint([x, x[..., :4]], scale=x)),
            "in layer 'inner' (Joint) on inputs of shapes (2, 1, 8, 8), (2, 1, 8, 4), (2, ",
        ),
        (Calls(nn.ReLU(), lambda relu, x: relu()), "in layer 'inner' (ReLU) on no tensor, "),
        (
            Residual(Calls(nn.Linear(5, 5), caught)),  # what was caught inside is not what fails
            "in its own forward (Residual) on an input of shape (2, 1, 8, 8), ",
        ),
        (Calls(nn.ReLU(), silent), "given 2 images of shape (1, 8, 8): AssertionError"),
    ],
)
def test_the_innermost_failing_layer_is_named_with_what_it_got(model, words):
    with pytest.raises(CandidateError) as caught:
        probe(model, torch.zeros(2, 1, 8, 8))
    assert words in str(caught.value)


def test_nothing_is_left_on_a_network_that_failed():
    model = nn.Sequential(pooled(8), nn.Conv2d(16, 8, 3))
    with pytest.raises(CandidateError):
        probe(model, torch.zeros(2, 1, 8, 8))
    hooks = [(m._forward_hooks, m._forward_pre_hooks) for m in model.modules()]
    assert all(not after and not before for after, before in hooks)
    assert probe(model, torch.zeros(2, 1, 32, 32)).shape == (2, 8, 2, 2)
    assert model.training


def test_a_failure_that_does_not_come_back_is_still_told():
    failures = iter([RuntimeError("once")])

    def once(inner: nn.Module, images: Tensor) -> Tensor:
        for failure in failures:
            raise failure
        return images

    with pytest.raises(CandidateError, match=r"the model fails given 2 images of .*: once"):
        probe(Calls(nn.ReLU(), once), torch.zeros(2, 1, 8, 8))
