"""Trees of tensors: what holds of any nesting of tuples, lists and dicts."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.dataset.tree import (
    chunks,
    form_of,
    joined,
    leaves,
    moved,
    nbytes,
    number_of_rows,
    selected,
    tree_map,
)


def tensors(number: int):
    shapes = st.lists(st.integers(1, 3), max_size=3)
    kinds = st.sampled_from([torch.float32, torch.int64, torch.uint8, torch.bool])
    return st.builds(lambda shape, kind: some(number, shape, kind), shapes, kinds)


def some(number: int, shape: list[int], kind: torch.dtype) -> torch.Tensor:
    made = torch.arange(number).view(-1, *[1] * len(shape)).expand(-1, *shape).to(kind)
    return made.contiguous(memory_format=torch.channels_last) if len(shape) == 3 else made


def trees(number: int):
    nested = st.recursive(
        tensors(number),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.tuples(inner, inner)
            | st.dictionaries(st.text("abc", min_size=1), inner, min_size=1, max_size=3)
        ),
        max_leaves=5,
    )
    return st.tuples(nested, st.just(number))


SIZED = st.integers(1, 9).flatmap(trees)


def same(one, other) -> bool:
    pairs = zip(leaves(one), leaves(other), strict=True)
    return all(
        torch.equal(a, b) and (a.dtype, a.stride()) == (b.dtype, b.stride()) for a, b in pairs
    )


@given(SIZED, st.randoms(use_true_random=False))
def test_rows_are_taken_of_every_tensor_at_once(sized, random):
    tree, number = sized
    index = torch.tensor([random.randrange(number) for _ in range(random.randrange(1, 12))])
    found = selected(tree, index)
    assert number_of_rows(found) == len(index)
    assert same(found, tree_map(lambda one: one[index], tree)) or any(
        one.ndim == 4 for one in leaves(tree)
    )
    assert all(torch.equal(a, b[index]) for a, b in zip(leaves(found), leaves(tree), strict=True))


@given(SIZED, st.integers(1, 12))
def test_parts_joined_are_the_whole(sized, size):
    tree, number = sized
    cut = list(chunks(tree, size))
    assert [number_of_rows(part) for part in cut[:-1]] == [size] * (len(cut) - 1)
    assert sum(map(number_of_rows, cut)) == number == number_of_rows(tree)
    whole = joined(cut)
    assert all(torch.equal(*pair) for pair in zip(leaves(whole), leaves(tree), strict=True))
    assert nbytes(tree) == sum(map(nbytes, cut))


@given(SIZED)
def test_structure_stays(sized):
    tree, _ = sized
    assert same(moved(tree, torch.device("cpu")), tree)
    assert form_of(tree) == form_of(selected(tree, torch.arange(number_of_rows(tree))))
    assert type(tree_map(torch.clone, tree)) is type(tree)


def test_images_that_lie_channels_last_stay_so():
    images = torch.rand(5, 3, 4, 4).contiguous(memory_format=torch.channels_last)
    found = selected({"image": images}, torch.tensor([4, 0]))["image"]
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(found, images[[4, 0]])


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"ids": torch.zeros(3), "mask": torch.zeros(4)}, "different numbers of rows: 3, 4"),
        ((torch.zeros(3), torch.tensor(1)), "without dimensions has no rows"),
        ({"ids": [1, 2]}, "there is a int where a tensor"),
        ([], "there is nothing where a tensor"),
        ("text", "there is a str where a tensor"),
    ],
)
def test_what_has_no_common_rows_is_refused(tree, message):
    with pytest.raises((ValueError, TypeError), match=message):
        number_of_rows(tree)


def test_a_tree_is_told_in_short():
    tree = {"ids": torch.zeros(2, 8, dtype=torch.int64), "age": torch.zeros(2)}
    assert form_of(tree) == "{ids: int64 of shape (2, 8), age: float32 of shape (2,)}"
    assert form_of((torch.zeros(1), 3)) == "(float32 of shape (1,), a int)"
