"""The best constant answer: what a network would give at best that sees no inputs."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor
from torch.nn.utils import vector_to_parameters

from nas_hydra.dataset import Tree
from nas_hydra.dataset.tree import leaves, number_of_rows, tree_map
from nas_hydra.task import Task

STEPS = 60
"""Of L-BFGS; the loss of a constant has no valleys that take more."""
ROOM = 20_000_000
"""Numbers of outputs, of all rows together, that it is found by at most."""


def constant(task: Task, output: Tree, targets: Iterable[Tree]) -> Tree:
    """The output of one row whose mean loss is least: (1, ...) for an output of (n, ...).

    Of classes that is the logarithm of their shares, of squared errors the mean, of absolute ones
    the median. Of outputs that are very large, as of a class for each pixel, it is that of the
    first rows.

    Args:
        task: that knows the loss.
        output: of any rows, which says its form.
        targets: of the rows that are trained on, in batches.
    """
    found = tree_map(lambda one: torch.zeros(1, *one.shape[1:], requires_grad=True), output)
    parts, used = leaves(found), _first(targets, output)
    total = sum(map(number_of_rows, used))

    def loss(values: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        vector_to_parameters(torch.as_tensor(values, dtype=torch.float32), parts)
        for part in parts:
            part.grad = None
        losses = sum(_loss(task, found, target) for target in used)
        gradients = [
            torch.zeros_like(one) if one.grad is None else one.grad  # a part that no loss uses
            for one in parts
        ]
        flat = torch.cat([one.flatten() for one in gradients]).double()
        return losses / total, flat.numpy() / total

    start = torch.zeros(sum(one.numel() for one in parts), dtype=torch.float64)
    best = minimize(loss, start.numpy(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    vector_to_parameters(torch.as_tensor(best.x, dtype=torch.float32), parts)
    return tree_map(Tensor.detach, found)


def _loss(task: Task, output: Tree, target: Tree) -> float:
    """The sum of the losses of some rows, its gradient added to that of the output."""
    rows = number_of_rows(target)
    every = tree_map(lambda one: one.expand(rows, *one.shape[1:]), output)
    loss = task.loss(every, target, reduction="sum")
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item()


def _first(targets: Iterable[Tree], output: Tree) -> Sequence[Tree]:
    """As many batches as there is room for outputs of, and at least one."""
    size = sum(one[0].numel() for one in leaves(output))
    used, room = [], ROOM
    for target in targets:
        used.append(target)
        room -= size * number_of_rows(target)
        if room <= 0:
            break
    return used
