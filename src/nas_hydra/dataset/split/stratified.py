"""Stratified splits: every class has its share on both sides."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nas_hydra.dataset.split import Places, Splitter, shuffled
from nas_hydra.dataset.tree import Tree, form_of, is_classes
from nas_hydra.errors import ConfigError


@dataclass(frozen=True)
class Stratified(Splitter):
    """Classes keep their shares, and each has a row on both sides."""

    def parted(self, target: Tree, size: float, seed: int, key: str) -> tuple[Tensor, Tensor]:
        """See ``Splitter``; the target is labels of classes, int64 (N,)."""
        return stratified(_labels(target), size, seed, key)

    def drawn(
        self, target: Tree, number: int, seed: int, key: str, within: Tensor | None = None
    ) -> Tensor:
        """See ``Splitter``; there are two of each class, or one on each side of ``within``."""
        labels = _labels(target)
        if within is None:
            return stratified(labels, number, seed, key, (0, 2))[1]
        return stratified(2 * labels + within, number, seed, key, (0, 1))[1]


def _labels(target: Tree) -> Tensor:
    """Labels of classes."""
    if not is_classes(target):
        raise ConfigError(
            "dataset.split",
            f"is stratified, which needs labels of classes, int64 (N,), and not"
            f" {form_of(target)}; say +dataset/split=random",
        )
    labels: Tensor = target
    return labels


def stratified(
    labels: Tensor, size: float, seed: int, key: str, least: tuple[int, int] = (1, 1)
) -> tuple[Tensor, Tensor]:
    """Places of the images left and chosen, each class in its share.

    Args:
        labels: (N,).
        size: how many to choose: a share if it is a float, a number if it is an int.
        seed: of the choice.
        key: the config key that asks for the size, for messages.
        least: how many images of each class are left and chosen, whatever its share.

    Raises:
        ConfigError: if there are too few.
    """
    classes = labels.numpy()
    try:
        sides = shuffled(len(classes), size, seed, classes)
    except ValueError:  # a class or a side has too few for shares
        try:
            sides = shuffled(len(classes), size, seed)
        except ValueError as error:
            problem = f"is {size}, which {len(labels)} images do not allow: {error}"
            raise ConfigError(key, problem) from None
    if not _filled(classes, sides, least):
        raise ConfigError(
            key,
            f"is {size}, which {len(labels)} images of {len(np.unique(classes))} classes do not"
            f" allow: of each class, at least {least[1]} must be among the {len(sides[1])} chosen"
            f" and {least[0]} among the {len(sides[0])} others. Say another number, or add images",
        )
    return torch.from_numpy(sides[0]), torch.from_numpy(sides[1])


def _filled(classes: Places, sides: tuple[Places, Places], least: tuple[int, int]) -> bool:
    """Exchange places until each side has so many of each class; False if that cannot be.

    For an image of a rare class goes one of the class of which the side has most to spare. Sides
    that have enough stay as they are.
    """
    spare = [
        np.bincount(classes[side], minlength=classes.max() + 1) - number
        for side, number in zip(sides, least, strict=True)
    ]
    present = np.unique(classes)
    for own, other in ((0, 1), (1, 0)):
        for rare in present[spare[own][present] < 0]:
            while spare[own][rare] < 0:
                common = int(spare[own].argmax())
                if spare[own][common] <= 0 or spare[other][rare] <= 0:
                    return False
                out = np.flatnonzero(classes[sides[own]] == common)[0]
                back = np.flatnonzero(classes[sides[other]] == rare)[0]
                sides[own][out], sides[other][back] = sides[other][back], sides[own][out]
                for side, sign in ((own, 1), (other, -1)):
                    spare[side][[rare, common]] += sign, -sign
    return True
