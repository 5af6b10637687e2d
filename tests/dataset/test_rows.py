"""A dataset of any rows: a dict of token ids and numbers, defined here, in memory and streamed."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nas_hydra.dataset import Dataset, Rows
from nas_hydra.dataset.cache import doubt_datasets, release_datasets, splits
from nas_hydra.dataset.choosing import Whole
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.rows import Stream
from nas_hydra.dataset.tree import alike, form_of, leaves, number_of_rows
from nas_hydra.errors import ConfigError

NUMBER = 60
IDS = torch.arange(NUMBER * 4).view(NUMBER, 4)
AGES = torch.arange(NUMBER).float()


@pytest.fixture(autouse=True)
def forgotten():
    release_datasets()
    yield
    release_datasets()


class Texts:
    """Token ids and whole numbers as floats; what follows is to be told, token by token."""

    def __init__(self, ids: Any = IDS, target: Any = IDS + 1) -> None:
        self.ids, self.target = ids, target

    def __getitem__(self, index: Tensor) -> Any:
        return {"ids": self.ids[index], "age": AGES[index]}


@dataclass(frozen=True, kw_only=True)
class Own(Dataset, Whole):
    """Somebody's texts."""

    source: Any = field(default_factory=Texts, compare=False)

    def open_all(self) -> Any:
        return self.source


class Shift(nn.Module):
    """Takes off the largest age, and counts ids in floats: another type, so another tensor."""

    def __init__(self, largest: Tensor) -> None:
        super().__init__()
        self.register_buffer("largest", largest)

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"ids": inputs["ids"].float(), "age": inputs["age"] - self.largest}


@dataclass(frozen=True)
class ByLargest(Prepare):
    def fit(self, parts: Iterable[dict[str, Tensor]]) -> Shift:
        return Shift(torch.stack([part["age"].max() for part in parts]).max())


def own(**changes: Any) -> Own:
    given = {
        **{"batch_size": 8, "validation": 0.25, "holdout": 0.2, "limit": None, "seed": 1},
        **{"memory_limit": None, "workers": 0},
    }
    return Own(**{**given, **changes})


def batches(data: Own) -> list:
    train, valid = data.train_batches(seed=3), data.valid_batches()
    assert valid is not None
    return [*train, *valid, *train]


@pytest.mark.parametrize("workers", [0, pytest.param(2, marks=pytest.mark.long)])
@pytest.mark.parametrize("prepare", [{}, {"prepare": ByLargest()}])
def test_batches_in_memory_and_streamed_are_the_same(prepare, workers):
    held, streamed = own(**prepare), own(**prepare, memory_limit=1, workers=workers)
    first = batches(held)
    assert isinstance(held.train, Rows)
    release_datasets()
    second = batches(streamed)
    assert isinstance(streamed.train, Stream)
    for one, other in zip(first, second, strict=True):
        assert alike(one, other)
        assert all(torch.equal(*pair) for pair in zip(leaves(one), leaves(other), strict=True))


def test_ids_stay_integers_and_whole_numbers_stay_what_they_are():
    inputs, target = next(iter(own().train_batches(seed=0)))
    assert inputs["ids"].dtype == target.dtype == torch.int64
    assert torch.equal(inputs["ids"] + 1, target)
    assert torch.equal(inputs["age"], inputs["ids"][:, 0] / 4)


def test_splits_are_complete_and_disjoint():
    data = own().at("monitored")
    parts = [data.train, data.valid, data.test]
    found = [one for part in parts for one in part[torch.arange(len(part))][0]["age"].tolist()]
    assert sorted(found) == AGES.tolist()
    assert [len(part) for part in parts] == [36, 12, 12]
    assert data.splits.counts == [48]


def test_what_inputs_are_prepared_by_is_of_the_training_split_alone():
    elsewhere = []
    for memory_limit, seed in product((None, 1), range(6)):
        data = own(prepare=ByLargest(), memory_limit=memory_limit, seed=seed)
        largest = own(seed=seed).train[torch.arange(36)][0]["age"].max()
        assert data.splits.prepare.largest == largest
        elsewhere.append(bool(largest < AGES.max()))
        release_datasets()
    assert any(elsewhere)


def test_the_example_is_two_rows_as_a_network_gets_them():
    example = own(prepare=ByLargest()).example
    assert number_of_rows(*example) == 2
    batch = next(iter(own(prepare=ByLargest()).train_batches(seed=0)))
    assert alike(tuple(example), batch)


def test_a_changed_number_is_noticed_and_so_is_a_changed_target():
    source = Texts(IDS.clone(), IDS.clone())
    data = own(source=source)
    known = splits(data)
    doubt_datasets()
    assert splits(data) is known
    source.ids[:, 0] = 0
    doubt_datasets()
    other = splits(data)
    assert other is not known
    source.target[:, 3] = 7
    doubt_datasets()
    assert splits(data) is not other


class Growing(Texts):
    """Of other sizes than two rows tell."""

    def __getitem__(self, index: Tensor) -> Any:
        return {"ids": IDS[index] if len(index) == 2 else IDS[index, :2], "age": AGES[index]}


class Bare:
    def __getitem__(self, index: Tensor) -> Tensor:
        return IDS[index]


WRONG = {
    "no target": (Bare(), r"gives a Bare without target, or labels"),
    "a target that is a list": (Texts(target=[1, 2]), "has a target that is no rows: there is a"),
    "targets of two numbers": (
        Texts(target=(IDS, IDS[:3])),
        "has a target that is no rows: its tensors have different numbers of rows: 60, 3",
    ),
    "no rows": (Texts(target=IDS[:0]), "has no rows"),
    "too few": (Texts(target=IDS[:2]), r"has too few rows \(2\); one is needed for training and"),
    "fewer inputs": (Texts(IDS[:5]), "cannot read 2 of its rows: IndexError"),
    "sizes that change": (
        Growing(),
        r"gives inputs \{ids: int64 of shape \(36, 2\), .* for 36",
    ),
}


@pytest.mark.parametrize("memory_limit", [None, 1])
@pytest.mark.parametrize("kind", WRONG)
def test_what_are_no_rows_is_refused_in_short(kind, memory_limit):
    source, message = WRONG[kind]
    data = own(source=source, memory_limit=memory_limit)
    with pytest.raises(ConfigError, match=rf"^dataset: .*{message}") as error:
        _ = data.load().train[torch.arange(36)]
    assert len(str(error.value)) < 400


def test_rows_are_told_in_short():
    assert (
        form_of(own().example.inputs) == "{ids: int64 of shape (2, 4), age: float32 of shape (2,)}"
    )
