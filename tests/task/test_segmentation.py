"""Segmentation: what is lost, measured and said of masks."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra.numpy import arrays
from sklearn.metrics import jaccard_score
from torch.nn.functional import cross_entropy, one_hot

from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.task.segmentation import IGNORE, Segmentation, overlaps

CLASSES = 3


def masks(least: int = 1):
    labels = st.sampled_from([*range(CLASSES), IGNORE])
    shape = st.tuples(st.integers(least, 5), st.just(4), st.just(3))
    return shape.flatmap(lambda size: arrays(np.int64, size, elements=labels)).map(torch.from_numpy)


def logits(predicted: torch.Tensor) -> torch.Tensor:
    """Of a network that is sure."""
    return 20.0 * one_hot(predicted, CLASSES).movedim(-1, 1).float()


@given(target=masks(), seed=st.integers(0, 99))
def test_the_scores_are_those_of_scikit_learn_over_all_pixels_with_a_class(target, seed):
    predicted = torch.randint(CLASSES, target.shape, generator=torch.Generator().manual_seed(seed))
    task = Segmentation(CLASSES)
    found = task.score(task.kept(logits(predicted)), target)
    known = target != IGNORE
    if not known.any():
        assert found["iou"] == found["pixel_acc"] == 0
        return
    there = target[known].unique().tolist()
    wanted = jaccard_score(target[known], predicted[known], labels=there, average="macro")
    assert float(found["iou"]) == pytest.approx(wanted)
    assert float(found["pixel_acc"]) == pytest.approx(
        float((predicted == target)[known].float().mean())
    )


@given(target=masks(least=2), dice=st.sampled_from([0.0, 1.0]))
def test_the_loss_of_a_batch_is_the_mean_of_those_of_its_images(target, dice):
    output = torch.randn(len(target), CLASSES, 4, 3, generator=torch.Generator().manual_seed(0))
    task = Segmentation(CLASSES, dice)
    each = [task.loss(output[[place]], target[[place]]) for place in range(len(target))]
    torch.testing.assert_close(task.loss(output, target), torch.stack(each).mean())
    torch.testing.assert_close(task.loss(output, target, "sum"), torch.stack(each).sum())


def test_without_ignored_pixels_the_loss_is_torchs():
    output, target = torch.randn(2, CLASSES, 4, 3), torch.randint(CLASSES, (2, 4, 3))
    torch.testing.assert_close(
        Segmentation(CLASSES).loss(output, target), cross_entropy(output, target)
    )


@given(target=masks())
def test_what_is_ignored_has_no_gradient(target):
    output = torch.zeros(*target.shape[:1], CLASSES, 4, 3, requires_grad=True)
    Segmentation(CLASSES, dice=1.0).loss(output, target).backward()
    ignored = (target == IGNORE).unsqueeze(1).expand_as(output)
    assert not output.grad[ignored].any()
    assert output.grad.isfinite().all()


def test_dice_is_none_of_a_network_that_is_right_and_sure_and_whole_of_one_that_is_wrong():
    target = torch.tensor([[[0, 1], [1, 1]]])
    both = Segmentation(CLASSES, dice=1.0), Segmentation(CLASSES)
    right, wrong = (
        float(both[0].loss(logits(one), target) - both[1].loss(logits(one), target))
        for one in (target, torch.full_like(target, 2))
    )
    assert (right, wrong) == (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=1e-6))


def test_counts_do_not_depend_on_how_many_images_are_counted_at_a_time():
    target, kept = torch.randint(CLASSES, (2, 70, 4, 4)).unbind()
    whole = overlaps(kept, target, CLASSES)
    parts = [overlaps(kept[[i]], target[[i]], CLASSES) for i in range(70)]
    assert torch.equal(whole, torch.cat(parts, dim=1))


def test_a_report_has_each_class_that_occurs_with_an_interval_around_it():
    generator = torch.Generator().manual_seed(0)
    target = torch.randint(2, (40, 8, 8), generator=generator)  # the third class never occurs
    flipped = torch.rand(40, 8, 8, generator=generator) < torch.rand(40, 1, 1, generator=generator)
    report = Segmentation(CLASSES).report(torch.where(flipped, 1 - target, target), target)
    assert report.figures.keys() == {
        *("test_iou", "test_pixel_acc", "test_iou_interval"),
        *("test_iou_0", "test_iou_0_interval", "test_iou_1", "test_iou_1_interval"),
    }
    low, high = report.figures["test_iou_interval"]
    assert low < report.figures["test_iou"] < high < low + 0.3
    assert report.figures["test_iou"] == pytest.approx(
        (report.figures["test_iou_0"] + report.figures["test_iou_1"]) / 2
    )
    assert "bootstrap over images" in report.sentence("images")


def test_logits_of_whole_images_are_refused():
    with pytest.raises(CandidateError, match=r"\(2, 3, 4, 5\) is needed.*search_space=unet"):
        Segmentation(CLASSES).check(torch.zeros(2, CLASSES), torch.zeros(2, 4, 5, dtype=torch.long))


def test_a_negative_weight_is_refused():
    with pytest.raises(ConfigError, match=r"task\.dice.*0 and more"):
        Segmentation(CLASSES, dice=-1.0)


def test_an_answer_is_a_map_of_classes():
    predicted = torch.randint(CLASSES, (2, 4, 5))
    assert torch.equal(Segmentation(CLASSES).answer(logits(predicted)), predicted)
