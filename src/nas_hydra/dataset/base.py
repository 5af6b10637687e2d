"""What every dataset of labelled images has: settings, fixed splits, batches."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor

from nas_hydra.dataset.images import Batches, Images
from nas_hydra.errors import ConfigError

Part = Literal["development", "test"]
"""Training and validation images together, or the test images."""

HELD = 2
"""How many datasets stay in memory: the one of the search, and one more where it is opened."""


@dataclass(frozen=True, kw_only=True)
class ImageDataset(ABC):
    """Labelled images with a training, a validation and a test split.

    The splits are stratified by class and fixed by ``seed``. Pixels are normalised by the mean
    and the standard deviation of each channel over the training split. Two datasets are equal if
    they hold the same images.

    Args:
        input_shape: (C, H, W) of every image; what is said here is checked against the images
            when they are loaded, so that it can be relied on without loading them.
        num_classes: number of classes, checked likewise.
        batch_size: images per batch.
        validation: share of the development images kept for validation, above 0 and below 1.
        limit: draw only so many development images, stratified; None takes all.
        seed: of the splits.
    """

    input_shape: tuple[int, int, int]
    num_classes: int
    batch_size: int = field(compare=False)
    validation: float
    limit: int | None
    seed: int

    def __post_init__(self) -> None:
        # A list comes from YAML, and an equal dataset must have an equal hash.
        object.__setattr__(self, "input_shape", tuple(self.input_shape))
        if self.batch_size < 1:
            raise ConfigError("dataset.batch_size", f"is {self.batch_size}; at least 1 is needed")
        check_share("validation", self.validation)
        if self.limit is not None and self.limit < 2 * self.num_classes:
            raise ConfigError(
                "dataset.limit",
                f"is {self.limit}; at least {2 * self.num_classes} is needed, one image of each"
                " class for training and one for validation (null takes all images)",
            )

    @abstractmethod
    def load(self, part: Part) -> Images:
        """Read and decode a part.

        Raises:
            ConfigError: if it is not there, saying what to do.
        """

    @property
    def train(self) -> Images:
        """The training split."""
        return development(self).train

    @property
    def valid(self) -> Images:
        """The validation split, on which candidates are measured."""
        return development(self).valid

    @property
    def test(self) -> Images:
        """The test split; no search touches it."""
        known = development(self)
        return self.load("test").normalized(known.mean, known.std)

    def train_batches(self, seed: int) -> Batches:
        """Training batches in an order fixed by the seed."""
        return Batches(self.train, self.batch_size, seed)

    def valid_batches(self) -> Batches:
        """Validation batches, the same every time."""
        return Batches(self.valid, max(self.batch_size, 500))


@dataclass(frozen=True, kw_only=True)
class WholeDataset(ImageDataset):
    """Images that come without a test split of their own.

    Args:
        holdout: share of the images set aside for testing, above 0 and below 1.
    """

    holdout: float

    def __post_init__(self) -> None:
        super().__post_init__()
        check_share("holdout", self.holdout)

    @abstractmethod
    def load_all(self) -> Images:
        """Read and decode all images."""

    def load(self, part: Part) -> Images:
        """The images set aside, or all others."""
        images = self.load_all()
        rest, chosen = stratified(images.labels, self.holdout, self.seed, "dataset.holdout")
        return images[rest if part == "development" else chosen]


class Development(NamedTuple):
    """What a search sees of a dataset; ``mean`` and ``std`` have shape (C, 1, 1)."""

    train: Images
    valid: Images
    mean: Tensor
    std: Tensor


@lru_cache(maxsize=HELD)
def development(dataset: ImageDataset) -> Development:
    """The training and validation splits, normalised; loaded once for equal datasets."""
    images = dataset.load("development")
    check_described(dataset, images)
    if dataset.limit is not None and dataset.limit < len(images):
        _, chosen = stratified(images.labels, dataset.limit, dataset.seed, "dataset.limit")
        images = images[chosen]
    rest, chosen = stratified(images.labels, dataset.validation, dataset.seed, "dataset.validation")
    train = images[rest]
    mean = train.pixels.mean(dim=(0, 2, 3)).view(-1, 1, 1)
    std = train.pixels.std(dim=(0, 2, 3)).view(-1, 1, 1).clamp_min(1e-6)
    return Development(train.normalized(mean, std), images[chosen].normalized(mean, std), mean, std)


def check_described(dataset: ImageDataset, images: Images) -> None:
    """Make sure that the images are what the config says of them.

    Raises:
        ConfigError: if there are other classes, or images of another shape.
    """
    classes, shape = int(images.labels.max()) + 1, list(images.pixels.shape[1:])
    if classes != dataset.num_classes:
        raise ConfigError(
            "dataset.num_classes",
            f"is {dataset.num_classes}; the images have {classes} classes."
            f" Say dataset.num_classes={classes}",
        )
    if shape != list(dataset.input_shape):
        raise ConfigError(
            "dataset.input_shape",
            f"is {list(dataset.input_shape)}; the images are {shape} (channels, height, width)."
            f" Say dataset.input_shape={str(shape).replace(' ', '')}",
        )


def stratified(labels: Tensor, size: float, seed: int, key: str) -> tuple[Tensor, Tensor]:
    """Places of the images left and chosen, each class in its share.

    Args:
        labels: (N,).
        size: how many to choose: a share if it is a float, a number if it is an int.
        seed: of the choice.
        key: the config key that asks for the size, for messages.

    Raises:
        ConfigError: if a class has too few images.
    """
    try:
        rest, chosen = train_test_split(
            np.arange(len(labels)), test_size=size, stratify=labels.numpy(), random_state=seed
        )
    except ValueError as error:
        raise ConfigError(
            key, f"is {size}, which {len(labels)} images do not allow: {error}"
        ) from None
    return torch.from_numpy(rest), torch.from_numpy(chosen)


def check_share(name: str, share: float) -> None:
    """Make sure that a share leaves something on both sides.

    Raises:
        ConfigError: if it is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise ConfigError(f"dataset.{name}", f"is {share}; allowed: above 0 and below 1")
