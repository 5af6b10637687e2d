"""Trees of tensors: what data, targets and outputs of networks are.

A tree is a tensor, or a tuple, a list or a dict of trees, as ``torch.utils._pytree`` knows them.
Its rows are what the first dimension of its tensors counts: the same number in all of them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

Tree: TypeAlias = Any
"""A tensor, or a tuple, list or dict of trees; what an option takes of these is its own affair."""

CHUNK = 1024
"""How many rows are read or prepared at a time, where all of them are."""


class Example(NamedTuple):
    """Two rows of a training batch as the network gets them, on the CPU.

    Their structure, sizes and types are all that a network is checked by before it is trained.

    Args:
        inputs: what the network takes, (2, ...) each.
        target: what is to be told of it, (2, ...) each.
    """

    inputs: Tree
    target: Tree


def empty_images(shape: Sequence[int]) -> Example:
    """Two empty images of this shape, (C, H, W), of the first class."""
    return Example(torch.zeros(2, *shape), torch.zeros(2, dtype=torch.int64))


def leaves(tree: Tree) -> list[Tensor]:
    """The tensors of a tree, in its order.

    Raises:
        TypeError: if there is something else in it, or nothing.
    """
    found = pytree.tree_leaves(tree)
    other = next((type(one).__name__ for one in found if not isinstance(one, Tensor)), None)
    if other is not None or not found:
        what = "nothing" if other is None else f"a {other}"
        raise TypeError(f"there is {what} where a tensor, or a tuple, list or dict of them must be")
    return found


def tree_map(function: Callable[..., Any], tree: Tree, *others: Tree) -> Tree:
    """The tree of what a function makes of each tensor, and of those at its place in the others.

    Raises:
        ValueError: if the others have another structure.
    """
    if isinstance(tree, Tensor) and not others:  # every batch comes by here
        return function(tree)
    return pytree.tree_map(function, tree, *others)


def number_of_rows(*trees: Tree) -> int:
    """How many rows trees have, which must be as many in each of their tensors.

    Raises:
        TypeError: as ``leaves``.
        ValueError: if they are not, or a tensor has no dimension.
    """
    tensors = [one for tree in trees for one in leaves(tree)]
    if not all(one.ndim for one in tensors):
        raise ValueError("a tensor without dimensions has no rows")
    numbers = list(dict.fromkeys(len(one) for one in tensors))
    if len(numbers) > 1:
        told = ", ".join(map(str, numbers[:3]))
        raise ValueError(f"its tensors have different numbers of rows: {told}")
    return numbers[0]


def selected(tree: Tree, index: Tensor) -> Tree:
    """The rows at these places, in this order.

    Args:
        tree: whose rows they are.
        index: (n,), int64, on the device of its tensors.
    """
    return tree_map(lambda one: _rows_of(one, index), tree)


def _rows_of(tensor: Tensor, index: Tensor) -> Tensor:
    """The rows of one tensor; what lies channels last stays so."""
    if tensor.ndim != 4 or not tensor.is_contiguous(memory_format=torch.channels_last):
        return tensor.index_select(0, index)
    # Each row's numbers lie side by side, and are copied at once instead of one by one.
    return tensor.permute(0, 2, 3, 1).index_select(0, index).permute(0, 3, 1, 2)


def laid_out(tree: Tree) -> Tree:
    """The same numbers as networks are fastest with: images channels last, all else in a row."""
    return tree_map(lambda one: one.contiguous(memory_format=layout(one)), tree)


def layout(tensor: Tensor) -> torch.memory_format:
    """Floats of four dimensions are taken for images (N, C, H, W)."""
    return torch.channels_last if is_images(tensor) else torch.contiguous_format


def alike(tree: Tree, other: Tree) -> bool:
    """Whether two trees are the same but for their numbers, and for how many rows they have."""
    if pytree.tree_structure(tree) != pytree.tree_structure(other):
        return False
    pairs = zip(leaves(tree), leaves(other), strict=True)
    return all((a.shape[1:], a.dtype) == (b.shape[1:], b.dtype) for a, b in pairs)


def moved(tree: Tree, device: torch.device) -> Tree:
    """The same tree there."""
    return tree_map(lambda one: one.to(device), tree)


def chunks(tree: Tree, size: int) -> Iterator[Tree]:
    """The rows in their order, so many at a time, without a copy."""
    for start in range(0, number_of_rows(tree), size):
        yield tree_map(lambda one, start=start: one[start : start + size], tree)


def joined(trees: Sequence[Tree]) -> Tree:
    """The rows of trees of one structure, one tree after the other."""
    return tree_map(lambda *tensors: torch.cat(tensors), *trees)


def is_classes(tree: Tree) -> bool:
    """Whether these can be labels of classes: int64 (N,)."""
    return isinstance(tree, Tensor) and tree.dtype == torch.int64 and tree.ndim == 1


def is_images(tree: Tree) -> bool:
    """Whether these can be images: floats (N, C, H, W)."""
    return isinstance(tree, Tensor) and tree.ndim == 4 and tree.is_floating_point()


def nbytes(tree: Tree) -> int:
    """How much memory the numbers of a tree take, in bytes."""
    return sum(one.nbytes for one in leaves(tree))


def form_of(tree: Tree) -> str:
    """``int64 of shape (2, 128)``; of several tensors ``{ids: int64 of shape (2, 128), ...}``."""
    if isinstance(tree, Tensor):
        return f"{str(tree.dtype).removeprefix('torch.')} of shape {tuple(tree.shape)}"
    if isinstance(tree, dict):
        return f"{{{', '.join(f'{name}: {form_of(part)}' for name, part in tree.items())}}}"
    if isinstance(tree, tuple | list):
        return f"({', '.join(map(form_of, tree))})"
    return f"a {type(tree).__name__}"
