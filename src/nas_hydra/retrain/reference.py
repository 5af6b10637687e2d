"""References: what simpler methods than networks reach, on the rows that a winner is trained on.

The best constant answer is one for every task. Where classes, numbers or labels are told, there is
a linear model; on tables gradient boosting as well, on series the nearest neighbour (Bagnall et al.
2017, "The great time series classification bake off", begin with it). Where the next token is told,
there are models of how frequent tokens are, and pairs of them.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from time import perf_counter

import torch

from nas_hydra.dataset import Data, Dataset, Tree
from nas_hydra.dataset.raw import BATCH, preparation, raw_rows
from nas_hydra.dataset.source import target_of
from nas_hydra.dataset.tree import joined, leaves, number_of_rows, selected, tree_map
from nas_hydra.errors import in_one_line
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.retrain.constant import constant
from nas_hydra.retrain.estimator import boosting, fitted, heads_of, linear, nearest
from nas_hydra.retrain.features import Cells, Columns, flat_series, is_series, is_table
from nas_hydra.retrain.ngram import NGram
from nas_hydra.retrain.verdict import NetworkResult, spread
from nas_hydra.task.tokens import Tokens

log = logging.getLogger(__name__)

LARGEST = 200_000_000
"""Numbers in the inputs of all rows; of more, a method would take hours, and is left out."""
STOPPING = 10_000
"""Rows from which on scikit-learn's boosting stops early, by some of them that it draws."""
CONSTANT, LINEAR = "the best constant answer", "a linear model"
BOOSTING, NEAREST = "gradient boosting", "the nearest neighbour"
UNIGRAM, BIGRAM = "a unigram model", "a bigram model"
ABOUT = {
    CONSTANT: "the same for every row, that of the least loss on those of the training",
    LINEAR: "logistic regression, or ridge where numbers are told",
    BOOSTING: "scikit-learn's on histograms",
    NEAREST: "the answer of the one row that is nearest, by Euclidean distance",
    UNIGRAM: "how frequent each token is",
    BIGRAM: "how often each token follows another (Witten and Bell 1991)",
}
"""What the methods are, by their names; those of scikit-learn are at its defaults."""

Answer = Callable[[Tree, Tree], Tree]
"""Inputs of some rows, raw and prepared, to the output that the task takes."""


@dataclass(frozen=True)
class Method:
    """A simpler method.

    Args:
        name: in words.
        fit: of rows, and a seed, makes what answers.
        draws: whether the seed makes a difference.
    """

    name: str
    fit: Callable[["TrainingRows", int], Answer]
    draws: bool = False


class TrainingRows:
    """What a winner is trained on, read when a method asks for it.

    Args:
        one: the winner, with its data and its task.
    """

    def __init__(self, one: Prepared) -> None:
        self.one, self.data, self.task = one, one.data, one.task
        self.prepare = preparation(one.data)

    @cached_property
    def _whole(self) -> tuple[Tree, Tree]:
        inputs, targets = zip(*raw_training_rows(self.data), strict=True)
        return joined(inputs), joined(targets)

    @property
    def raw(self) -> Tree:
        """The inputs as the data has them."""
        return self._whole[0]

    @cached_property
    def prepared(self) -> Tree:
        """The inputs as a network gets them."""
        with torch.no_grad():
            return self.prepare(self.raw)

    @cached_property
    def target(self) -> Tree:
        """What is to be told of them, as the task wants it."""
        return self.task.wanted(self.prepared, self._whole[1])

    def wanted(self) -> Iterator[Tree]:
        """What is to be told of them, in batches, whose inputs need not fit in memory."""
        with torch.no_grad():
            for raw, target in raw_training_rows(self.data):
                yield self.task.wanted(self.prepare(raw), target)

    def sizes(self) -> int:
        """How many numbers all of the inputs are."""
        inputs = self.one.example.inputs
        return (self.data.rows or 0) * sum(leaf[0].numel() for leaf in leaves(inputs))


def raw_training_rows(data: Data) -> Iterator[tuple[Tree, Tree]]:
    """Batches of what is trained on, not prepared."""
    if not isinstance(data, Dataset):
        yield from data.train_batches(0)
        return
    source, places = data.choose().train
    read, target = data.reader(source), target_of(source)
    for part in torch.split(places, BATCH):
        yield read(source, part), selected(target, part)


class References:
    """Finds what the methods reach beside a winner; where data and task are alike, once.

    Args:
        seeds: how often a method is fitted that draws.
    """

    def __init__(self, seeds: int) -> None:
        self._seeds = seeds
        self._known: dict[str, list[NetworkResult]] = {}

    def __call__(self, one: Prepared) -> list[NetworkResult]:
        """Of each method that fits the task and the data; none if the task has no loss."""
        key = json.dumps([one["dataset"], one.get("task"), one.stage], sort_keys=True, default=str)
        if key not in self._known:
            rows = TrainingRows(one)
            self._known[key] = [_result(each, rows, self._seeds) for each in methods(rows)]
        return self._known[key]


def methods(rows: TrainingRows) -> list[Method]:
    """What there is to compare with; said of each that would take too long."""
    if not rows.task.directions:
        return []  # a module of the user's own, which nobody else can ask for a loss
    if isinstance(rows.task, Tokens) and isinstance(rows.data, Dataset):
        return [Method(UNIGRAM, partial(_ngram, False)), Method(BIGRAM, partial(_ngram, True))]
    found = [Method(CONSTANT, _constant)]
    if not isinstance(rows.data, Dataset) or not heads_of(rows.task):
        return found
    more = [Method(LINEAR, _linear)]
    inputs, _ = next(raw_rows(rows.data, 1))
    if is_table(inputs):
        more.append(Method(BOOSTING, _boosting, draws=(rows.data.rows or 0) > STOPPING))
    if is_series(inputs):
        more.append(Method(NEAREST, _nearest))
    if rows.sizes() > LARGEST:
        names = " and ".join(one.name for one in more)
        log.info("references: %s left out: there are %s numbers", names, f"{rows.sizes():,}")
        return found
    return found + more


def _result(method: Method, rows: TrainingRows, seeds: int) -> NetworkResult:
    """What a method reaches on the test rows, over the seeds."""
    began, values, errors = perf_counter(), [], []
    try:
        fits = (method.fit(rows, seed) for seed in range(seeds if method.draws else 1))
        values = [_tested(rows, answer) for answer in fits]
    except Exception as error:  # noqa: BLE001  a reference that fails is told, and stops nobody
        errors.append(in_one_line(error))
    seconds = round(perf_counter() - began, 3)
    names = values[0] if values and not errors else ()
    repeated = values if method.draws else values * seeds
    metrics = {name: spread([one[name] for one in repeated]) for name in names}
    log.info("references: %s: %s", method.name, errors[0] if errors else f"{seconds:.1f} s")
    return NetworkResult("reference", method.name, metrics, seconds, errors)


def _tested(rows: TrainingRows, answer: Answer) -> dict[str, float]:
    """The ``test_`` metrics of what answers, as those of a network are measured."""
    kept, targets, losses, task = [], [], [], rows.task
    with torch.no_grad():
        for raw, target in raw_rows(rows.data):
            inputs = rows.prepare(raw)
            output, wanted = answer(raw, inputs), task.wanted(inputs, target)
            losses.append(task.validation_loss(output, wanted))
            found = task.gathered(output, wanted)
            kept.append(found[0])
            targets.append(found[1])
    wanted = joined(targets)
    loss = torch.stack(losses).sum() / number_of_rows(wanted)
    measured = {**task.score(joined(kept), wanted), "loss": loss}
    return {f"test_{name}": float(value) for name, value in measured.items()}


def _constant(rows: TrainingRows, seed: int) -> Answer:
    with torch.random.fork_rng(devices=[]), torch.no_grad():  # weights that nobody keeps
        output = rows.one.network().eval()(rows.one.example.inputs)
    found = constant(rows.task, output, rows.wanted())

    def answer(raw: Tree, prepared: Tree) -> Tree:
        rows = number_of_rows(raw)
        return tree_map(lambda one: one.expand(rows, *one.shape[1:]), found)

    return answer


def _linear(rows: TrainingRows, seed: int) -> Answer:
    columns = Columns(rows.prepared)
    found = fitted(linear, rows.task, columns(rows.prepared), rows.target)
    return lambda _, prepared: found(columns(prepared))


def _boosting(rows: TrainingRows, seed: int) -> Answer:
    cells = Cells(rows.raw)
    make = partial(boosting, categorical=cells.categorical, seed=seed)
    found = fitted(make, rows.task, cells(rows.raw), rows.target)
    return lambda raw, _: found(cells(raw))


def _nearest(rows: TrainingRows, seed: int) -> Answer:
    found = fitted(nearest, rows.task, flat_series(rows.prepared), rows.target)
    return lambda _, prepared: found(flat_series(prepared))


def _ngram(bigram: bool, rows: TrainingRows, seed: int) -> Answer:
    assert isinstance(rows.task, Tokens)
    found = NGram(rows.prepared, rows.target, rows.task.outputs, bigram)
    return lambda _, prepared: found(prepared)
