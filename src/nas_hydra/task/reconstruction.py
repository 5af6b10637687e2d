"""Reconstruction: a network gives back what it is given, through whatever is narrow in it."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.dataset import Tree
from nas_hydra.dataset.tree import form_of, leaves, number_of_rows
from nas_hydra.errors import CandidateError
from nas_hydra.task.base import Keep, Reduction, Task
from nas_hydra.task.report import Report


class Reconstruction(Task):
    """The mean squared error of what a network gives for its own prepared inputs.

    What the data has for a target is not looked at. Of inputs of several tensors all numbers with
    fractions count alike; codes, ids and masks are given to a network, and not asked back.

    Args:
        outputs: how many numbers a row has, for spaces whose last layer wants to know it; None:
            what the data says. They may come in another shape than the inputs, in the same order.
        keep, patience, average: see ``Task``.
    """

    output = "reconstruction"

    def __init__(
        self,
        outputs: int | None,
        keep: Keep = "last",
        patience: int | None = None,
        average: float | None = None,
    ) -> None:
        super().__init__(keep=keep, patience=patience, average=average)
        self.outputs = outputs

    @classmethod
    def found(cls, given: Mapping[str, Any], dataset: Mapping[str, Any]) -> Mapping[str, Any]:
        """``outputs``: the numbers of an image, a series or a table's row, if the data tells."""
        shapes = ("input_shape",), ("channels", "length"), ("features",)
        for names in shapes:
            sizes = [dataset.get(name) for name in names]
            if all(sizes) and given.get("outputs") is None:
                flat = sizes[0] if isinstance(sizes[0], list | tuple) else sizes
                return {"outputs": math.prod(flat)}
        return {}

    def wanted(self, inputs: Tree, target: Tree) -> list[Tensor]:
        """The numbers of the inputs, a tensor for each that has fractions.

        Raises:
            CandidateError: if there is none.
        """
        found = [one for one in leaves(inputs) if one.is_floating_point()]
        if not found:
            problem = f"inputs {form_of(inputs)} have no numbers with fractions to give back"
            raise CandidateError(f"{problem}; reconstruction takes these alone")
        return found

    def loss(self, output: Tree, target: list[Tensor], reduction: Reduction = "mean") -> Tensor:
        """The mean over the numbers of a row."""
        told, wanted = _flat(leaves(output)), _flat(target)
        rows = (told - wanted).square().mean(dim=1)
        return rows.mean() if reduction == "mean" else rows.sum()

    def check(self, output: Tree, target: list[Tensor]) -> None:
        """Make sure that as many numbers come back as were given."""
        rows, needed = number_of_rows(target), _numbers(target)
        try:
            same = number_of_rows(output) == rows and _numbers(leaves(output)) == needed
        except (TypeError, ValueError):  # it is no tree of tensors with rows
            same = False
        if not same:
            raise CandidateError(
                f"the model gives {form_of(output)} for {rows} rows; to give back inputs"
                f" {form_of(target)}, {needed:,} numbers a row are needed"
            )

    def kept(self, output: Tree) -> Tensor:
        """Nothing: outputs are as large as the data."""
        return leaves(output)[0].new_zeros(number_of_rows(output), 0)

    def tested(self, network: nn.Module, batches: Iterable[tuple[Tree, Tree]]) -> Report:
        """The loss of all test rows, a batch at a time."""
        total, rows = 0.0, 0
        with torch.inference_mode():
            for inputs, target in batches:
                wanted = self.wanted(inputs, target)
                total += float(self.loss(network(inputs), wanted, reduction="sum"))
                rows += number_of_rows(wanted)
        return Report({"test_loss": total / rows}, rows)

    def title(self, params: str) -> str:
        """``A network with 1,210 parameters that gives back its inputs``."""
        return f"A network with {params} parameters that gives back its inputs"


def _flat(tensors: list[Tensor]) -> Tensor:
    """All numbers of each row, (N, numbers)."""
    return torch.cat([one.float().flatten(1) for one in tensors], dim=1)


def _numbers(tensors: list[Tensor]) -> int:
    """How many numbers a row of these has."""
    return sum(math.prod(one.shape[1:]) for one in tensors)
