"""What a dataset gives is looked at in one place: rows or images, or an error that says what."""

import logging
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from nas_hydra.dataset.source import Source
from nas_hydra.dataset.tree import Tree, alike, form_of, is_classes, number_of_rows
from nas_hydra.errors import ConfigError, NasHydraError, in_one_line, listing

log = logging.getLogger(__name__)

WANTED = "images are float32 (n, channels, height, width) with values from 0 to 1"
TOLERANCE = 1e-3
"""By which values may be outside of 0 to 1, as resizing leaves them."""

FAINT, CONSTANT = 1e-3, 1e-6
"""Standard deviations below which next to nothing can be seen in a channel, and nothing at all."""

CHANNELS = {1: ("grey",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "alpha")}


def rows_like(source: Source, places: Tensor, like: Tree) -> Tree:
    """The inputs at these places.

    Args:
        source: of all rows.
        places: (n,).
        like: the inputs of others of them.

    Raises:
        ConfigError: if they cannot be read, or are not of the same structure, types and sizes.
    """
    inputs = inputs_at(source, places, "rows")
    try:
        known = number_of_rows(inputs) == len(places)
    except (TypeError, ValueError) as error:
        raise ConfigError("dataset", f"gives inputs that are no rows: {error}") from None
    if not (known and alike(inputs, like)):
        raise ConfigError(
            "dataset",
            f"gives inputs {form_of(inputs)} for {len(places)} rows, and {form_of(like)} for"
            f" {number_of_rows(like)} others; structure, types and sizes must be the same for all"
            " rows",
        )
    return inputs


def inputs_at(source: Source, places: Tensor, named: str) -> Tree:
    """What a source gives, whatever it raises.

    Raises:
        ConfigError: if it raises something.
    """
    try:
        return source[places]
    except NasHydraError:
        raise
    except Exception as error:  # a source of somebody's may raise anything
        problem = f"cannot read {len(places)} of its {named}: {in_one_line(error)}"
        raise ConfigError("dataset", problem) from error


def decoded(source: Source, places: Tensor, shape: Sequence[int]) -> Tensor:
    """The pixels (n, C, H, W) at these places, float32 in [0, 1].

    Args:
        source: of all images.
        places: (n,).
        shape: (C, H, W) that the config says.

    Raises:
        ConfigError: if they cannot be read, or are no images of this shape.
    """
    pixels: Tensor = inputs_at(source, places, "images")
    _check_images(pixels, len(places))
    if list(pixels.shape[1:]) != list(shape):
        given = list(pixels.shape[1:])
        raise ConfigError(
            "dataset.input_shape",
            f"is {list(shape)}; the images are {given} (channels, height, width)."
            f" Say dataset.input_shape={str(given).replace(' ', '')}",
        )
    low, high = (number.item() for number in torch.aminmax(pixels))
    if not (low >= -TOLERANCE and high <= 1 + TOLERANCE):  # nor is NaN
        problem = f"gives values from {low:.6g} to {high:.6g}; {WANTED}"
        raise ConfigError("dataset", problem)
    return pixels.float()


def _check_images(given: object, number: int) -> None:
    """Make sure that this is a tensor of so many images."""
    found = f"a {type(given).__name__}"
    if isinstance(given, Tensor):
        found = f"{form_of(given)} for {number} images"
        if given.is_floating_point() and given.ndim == 4 and len(given) == number:
            return
    raise ConfigError("dataset", f"gives {found}, and these are no images: {WANTED}")


def check_rows(target: object) -> None:
    """Make sure that these are rows.

    Raises:
        ConfigError: if they are not, or there is none.
    """
    try:
        number = number_of_rows(target)
    except (TypeError, ValueError) as error:
        raise ConfigError("dataset", f"has a target that is no rows: {error}") from None
    if not number:
        raise ConfigError("dataset", "has no rows")


def check_labels(labels: object) -> None:
    """Make sure that these are labels of classes.

    Raises:
        ConfigError: if they are not.
    """
    wanted = "labels are int64 (N,), one for each image, counted from 0"
    if not isinstance(labels, Tensor):
        raise ConfigError("dataset", f"has labels in a {type(labels).__name__}; {wanted}")
    if not is_classes(labels):
        raise ConfigError("dataset", f"has labels {form_of(labels)}; {wanted}")
    if not len(labels):
        raise ConfigError("dataset", "has no images")
    if labels.min() < 0:
        problem = f"has labels from {labels.min()} to {labels.max()}; {wanted}"
        raise ConfigError("dataset", problem)


def check_classes(labels: Tensor, number: int, test: bool) -> None:
    """Make sure that there are as many classes as the config says.

    Args:
        labels: of all images of a source.
        number: of classes.
        test: whether these are those of a test split, which need not have every class.

    Raises:
        ConfigError: if there are others, or is one alone.
    """
    classes = int(labels.max()) + 1
    if classes > number or (classes < number and not test):
        raise ConfigError(
            "dataset.num_classes",
            f"is {number}; the images have {classes} classes. Say dataset.num_classes={classes}",
        )
    if number < 2:
        raise ConfigError("dataset.num_classes", "is 1; of one class, nothing can be told apart")


def check_rare(
    labels: Tensor, named: Sequence[str], splits: Sequence[str], unit: str = "images"
) -> None:
    """Make sure that every split can have a row of every class.

    Args:
        labels: of all rows that are to be split.
        named: the classes.
        splits: what they are split into.
        unit: what rows are called.

    Raises:
        ConfigError: naming the classes of which there are too few.
    """
    counts = labels.bincount().tolist()
    rare = [label for label, count in enumerate(counts) if count < len(splits)]
    if rare:
        lacking = [
            f"{name}: {counts[label]}"
            for label, name in zip(rare, _class_names(named, rare), strict=True)
        ]
        raise ConfigError(
            "dataset",
            f"has too few {unit} of some classes ({listing(lacking)}); each"
            f" needs at least {len(splits)}, one for {' and one for '.join(splits)}. Add {unit},"
            " or leave these classes out",
        )


def _class_names(known: Sequence[str], labels: Iterable[int]) -> list[str]:
    """The names of classes, or their numbers where they have none."""
    return [known[label] if label < len(known) else str(label) for label in labels]


def tell_lacking(labels: Tensor, named: Sequence[str], number: int, row: str = "image") -> None:
    """Say which of so many classes the test split has no row of, as that is called."""
    counts = labels.bincount(minlength=number).tolist()
    lacking = [label for label, count in enumerate(counts) if not count]
    if lacking:
        log.warning(
            "data: the test split has no %s of %d of %d classes, each of which counts 0 in the"
            " macro F1: %s",
            *(row, len(lacking), len(counts), listing(_class_names(named, lacking))),
        )


def check_spread(mean: Tensor, std: Tensor) -> None:
    """Say which channels of the training images are the same everywhere.

    Args:
        mean: of each channel.
        std: likewise.

    Raises:
        ConfigError: if all are.
    """
    means, spreads = mean.flatten().tolist(), std.flatten().tolist()
    known = CHANNELS.get(len(means)) or [f"number {place}" for place in range(len(means))]
    faint = [
        f"{name} (mean {level:.3g}, standard deviation {spread:.1g})"
        for name, level, spread in zip(known, means, spreads, strict=True)
        if spread < FAINT
    ]
    if max(spreads) <= CONSTANT:
        colour = ", ".join(f"{name} {level:.3g}" for name, level in zip(known, means, strict=True))
        raise ConfigError(
            "dataset",
            f"has nothing to learn from: every pixel of its training images is the same ({colour})."
            " Look at the files, and how they are read (dataset.background, dataset.range)",
        )
    if faint:
        log.warning(
            "data: of the training images, %s %s nearly constant: %s",
            *("a channel" if len(faint) == 1 else f"{len(faint)} channels",),
            *("is" if len(faint) == 1 else "are", ", ".join(faint)),
        )
