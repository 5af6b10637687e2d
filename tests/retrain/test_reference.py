"""Simpler methods beside a winner: what scikit-learn alone reaches on the same rows."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsClassifier
from torch.nn.functional import l1_loss, mse_loss

from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.retrain.constant import constant
from nas_hydra.retrain.features import Columns, counts
from nas_hydra.retrain.reference import References, TrainingRows, raw_rows
from nas_hydra.task import Task
from nas_hydra.task.classification import Classification
from nas_hydra.task.regression import Regression
from retrain.small import config

SEEDS = 3


def found(given: dict) -> dict:
    one = Prepared(given, "final")
    results = References(SEEDS)(one)
    assert [result.errors for result in results] == [[]] * len(results)
    return {result.name: result for result in results}


def rows(given: dict):
    """Raw training and test rows, as arrays."""
    one = Prepared(given, "final")
    known, test = TrainingRows(one), list(raw_rows(one.data))
    tested = [torch.cat([part[place] for part in test]) if place else test for place in (0, 1)]
    return known, tested


def mean(result, name: str) -> float:
    return result.metrics[f"test_{name}"].mean


def test_a_table_has_a_linear_model_and_gradient_boosting():
    given = config("cancer", 2)
    known = found(given)
    assert list(known) == ["the best constant answer", "a linear model", "gradient boosting"]
    train, (test, target) = rows(given)
    majority = train.target.bincount().argmax()
    accuracy = (target == majority).float().mean().item()
    assert mean(known["the best constant answer"], "acc") == pytest.approx(accuracy)
    cells = [torch.cat([part["numbers"] for part, _ in test]), train.raw["numbers"]]
    assert np.isnan(cells[0]).any()
    alone = HistGradientBoostingClassifier(random_state=0).fit(cells[1], train.target)
    own = mean(known["gradient boosting"], "acc")
    assert own == pytest.approx(alone.score(cells[0], target), abs=0.03)
    assert own > 0.9
    assert mean(known["a linear model"], "acc") > 0.9


def test_over_the_seeds_a_method_that_draws_nothing_is_the_same():
    known = found(config("cancer", 2))["a linear model"].metrics["test_acc"]
    assert len(known.values) == SEEDS
    assert known.std == 0


def test_numbers_are_told_in_the_units_of_the_target():
    known = found(config("diabetes"))
    train, (_, target) = rows(config("diabetes"))
    spread = (target - train.target.mean()).square().mean().sqrt().item()
    assert mean(known["the best constant answer"], "rmse") == pytest.approx(spread, rel=1e-3)
    one = Prepared(config("diabetes"), "final")
    columns = Columns(train.prepared)
    alone = Ridge().fit(columns(train.prepared), train.target)
    test = columns(
        train.prepare({"numbers": torch.cat([p["numbers"] for p, _ in raw_rows(one.data)])})
    )
    wanted = np.sqrt(np.mean((alone.predict(test) - target.numpy()) ** 2))
    assert mean(known["a linear model"], "rmse") == pytest.approx(wanted, rel=1e-4)
    assert wanted < 0.85 * spread


def test_series_have_the_nearest_neighbour():
    given = config("strokes", 10)
    known = found(given)
    assert list(known) == ["the best constant answer", "a linear model", "the nearest neighbour"]
    train, (test, target) = rows(given)
    alone = KNeighborsClassifier(1).fit(train.raw.flatten(1), train.target)
    wanted = alone.score(torch.cat([part for part, _ in test]).flatten(1), target)
    assert mean(known["the nearest neighbour"], "acc") == pytest.approx(wanted)
    assert wanted > 0.9


def test_of_words_a_linear_model_knows_which_and_how_often_not_where():
    known = found(config("words", 10))
    assert list(known) == ["the best constant answer", "a linear model"]
    assert mean(known["a linear model"], "acc") > 0.8
    assert mean(known["the best constant answer"], "acc") < 0.2


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=5))
def test_ids_are_counted(ids):
    made = counts(np.array(ids), 10).toarray()
    wanted = [np.bincount(row, minlength=10) * (np.arange(10) > 0) for row in ids]
    assert (made == wanted).all()


class Errors(Task):
    def __init__(self, how):
        self.how = how

    def loss(self, output, target, reduction="mean"):
        return self.how(output[:, 0], target, reduction=reduction)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 100), min_size=3, max_size=30))
def test_the_best_constant_is_the_mean_the_median_or_the_shares(values):
    target, like = torch.tensor(values, dtype=torch.float32), torch.zeros(2, 1)
    squared = constant(Errors(mse_loss), like, [target[:2], target[2:]])
    assert squared.item() == pytest.approx(target.mean().item(), abs=1e-2)
    absolute = constant(Errors(l1_loss), like, [target])
    best = l1_loss(target.median().expand_as(target), target).item()
    assert l1_loss(absolute[0].expand_as(target), target).item() <= 1.02 * best + 0.02
    task = Classification()
    task.num_classes = 3
    labels = target.long() % 3
    shares = constant(task, torch.zeros(2, 3), [labels]).softmax(1)[0]
    wanted = labels.bincount(minlength=3) / len(labels)
    assert shares.tolist() == pytest.approx(wanted.tolist(), abs=1e-2)


def test_a_regression_takes_numbers_in_the_units_of_its_target_for_its_outputs():
    task = Regression("quantile", 1.0, [0.1, 0.9], "log", None, {})
    facts = {"targets": ["a", "b"], "outputs": [], "mean": [3.0, 0.0], "std": [2.0, 5.0]}
    known = task.restored({"task": {**facts, "transform": "log"}})
    numbers = torch.tensor([[20.0, 0.1], [3.0, 7.0]])
    back = known.last_layer()(known.output_of(numbers))
    assert torch.allclose(back, numbers.repeat_interleave(2, dim=1))
