"""Labels that apply or do not."""

import pytest
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import binary_cross_entropy_with_logits
from torchmetrics.classification import MultilabelAUROC

from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.task.multi_label import MultiLabel
from task.data import data

SEEDS = st.integers(0, 2**16)


def multi_label(threshold=0.5, outputs=None, metrics=None):
    return MultiLabel(threshold, outputs, metrics or {})


def drawn(seed, rows=40, labels=4):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, labels, generator=generator)
    return logits, (torch.rand(rows, labels, generator=generator) < 0.4).float()


@given(SEEDS, st.floats(0.1, 0.9))
@settings(max_examples=20, deadline=None)
def test_scores_are_those_of_scikit_learn(seed, threshold):
    logits, target = drawn(seed)
    task = multi_label(threshold, metrics={"auroc": MultilabelAUROC(4)}).bound(data(target))
    kept = task.kept(logits)
    told = (kept > threshold).int()
    found = {name: float(one) for name, one in task.score(kept, target).items()}
    assert found == pytest.approx(
        {
            "f1": sklearn.metrics.f1_score(target, told, average="macro", zero_division=0),
            "map": sklearn.metrics.average_precision_score(target, kept),
            "exact_match": sklearn.metrics.accuracy_score(target, told),
            "auroc": sklearn.metrics.roc_auc_score(target, kept),
        },
        abs=1e-5,
    )


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_the_loss_is_torchs(seed):
    logits, target = drawn(seed)
    task = multi_label().bound(data(target))
    torch.testing.assert_close(
        task.loss(logits, target), binary_cross_entropy_with_logits(logits, target)
    )
    torch.testing.assert_close(task.loss(logits, target) * 40, task.loss(logits, target, "sum"))


def test_a_label_that_no_row_has_counts_0():
    target = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    task = multi_label().bound(data(target))
    found = task.score(torch.tensor([[0.9, 0.1], [0.2, 0.3]]), target)
    assert {name: float(one) for name, one in found.items()} == {
        "f1": 0.5,
        "map": 0.5,
        "exact_match": 1.0,
    }


def test_a_report_tells_of_each_label():
    logits, target = drawn(1)
    task = multi_label().bound(data(target, target_names=["a", "b", "c", "d"]))
    kept = task.kept(logits)
    report = task.report(kept, target)
    told = (kept > 0.5).int()
    for place, name in enumerate("abcd"):
        columns = target[:, place], told[:, place]
        assert report.parts["labels"][name] == pytest.approx(
            {
                "precision": sklearn.metrics.precision_score(*columns),
                "recall": sklearn.metrics.recall_score(*columns),
                "f1": sklearn.metrics.f1_score(*columns),
                "average_precision": sklearn.metrics.average_precision_score(
                    target[:, place], kept[:, place]
                ),
                "rows": int(target[:, place].sum()),
            },
            abs=1e-5,
        )
    low, high = report.figures["test_exact_match_interval"]
    assert low <= report.figures["test_exact_match"] <= high
    assert "is right in every label of " in report.found("films")
    assert "Wilson" in report.sentence("films")


def test_what_a_folder_says_of_the_task_is_enough_to_answer():
    logits, target = drawn(2)
    task = multi_label().bound(data(target))
    facts = task.facts(None)
    assert facts["classes"] == ["label 0", "label 1", "label 2", "label 3"]
    assert facts["task"] == {"threshold": 0.5}
    assert multi_label().restored(facts).facts(None) == facts
    assert torch.equal(task.answer(logits), logits.sigmoid())


def test_how_many_labels_there_are_follows_from_the_data():
    assert MultiLabel.found({"outputs": None}, {"num_targets": 3}) == {"outputs": 3}
    assert MultiLabel.found({"outputs": None}, {"num_classes": 4}) == {"outputs": 4}
    assert MultiLabel.found({"outputs": 2}, {"num_classes": 4}) == {}


def test_other_targets_outputs_and_settings_are_refused():
    with pytest.raises(ConfigError, match=r"task.threshold: is 1.0; allowed"):
        multi_label(1.0)
    with pytest.raises(ConfigError, match="training targets other than 0 and 1"):
        multi_label().bound(data(torch.tensor([[0.0, 2.0]])))
    _, target = drawn(0)
    with pytest.raises(ConfigError, match=r"task.outputs: is 3; the data has 4 labels"):
        multi_label(outputs=3).bound(data(target))
    task = multi_label().bound(data(target))
    with pytest.raises(CandidateError, match=r"\(40, 4\) are needed, one for each label: 'label 0"):
        task.check(torch.zeros(40, 5), target)
    assert task.unfit(target, 40) == ""
    assert "allowed: floats from 0 to 1" in task.unfit(2 * target, 40)


def test_what_a_guess_gives_is_told():
    _, target = drawn(0)
    (line,) = multi_label().bound(data(target)).outlook(data(target))
    assert "of 4 labels, " in line
    assert "val_exact_match of " in line
