"""Arrays with names, as they lie in a file or come from a function, and the tensors of them."""

import logging
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nas_hydra.config.component import ask, locate
from nas_hydra.dataset.images.masks import IGNORE
from nas_hydra.errors import ConfigError, in_one_line, listing, nearest, printable

log = logging.getLogger(__name__)

Array = NDArray[Any]
KINDS = ("class", "number", "labels", "masks")
"""What can be told of a row."""
WHITE = 255
"""The brightest pixel of images whose pixels are bytes."""
ENDINGS = (".npz", ".pt", ".pth")


def arrays_of_file(file: Path, names: Iterable[str]) -> dict[str, Array]:
    """The arrays of these names.

    Args:
        file: of numpy's (``.npz``), or of torch's (``.pt``): a dict of tensors.
        names: of the arrays; others are not read.

    Raises:
        ConfigError: if it cannot be read, or lacks one.
    """
    if file.suffix not in ENDINGS:
        raise ConfigError("dataset.file", f"is {file}; allowed: a file {' or '.join(ENDINGS)}")
    if not file.is_file():
        raise ConfigError("dataset.file", f"there is no file {file.absolute()}")
    try:
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as known:
                return _named(known, names, file.name)
        held = torch.load(file, map_location="cpu", weights_only=True)
    except ConfigError:
        raise
    except (Exception, zipfile.BadZipFile) as error:  # of torch, all kinds
        problem = f"{file} cannot be read: {in_one_line(error)}"
        raise ConfigError("dataset.file", problem) from error
    return _named(_mapping(held, file.name), names, file.name)


def arrays_of_function(
    function: str, arguments: Mapping[str, Any], names: Iterable[str]
) -> dict[str, Array]:
    """The arrays of these names that a function returns, in a dict.

    Raises:
        ConfigError: if it fails, or gives something else.
    """
    called = locate(function, "dataset.function")
    given = ask(lambda known: called(**known), arguments, "dataset.function", "its arguments")
    return _named(_mapping(given, function), names, function)


def _mapping(given: Any, where: str) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        return given
    problem = f"{where} holds a {type(given).__name__}; wanted is a dict of names and arrays"
    raise ConfigError("dataset", problem)


def _named(known: Mapping[str, Any], names: Iterable[str], where: str) -> dict[str, Array]:
    """Those that are wanted, all as numpy's."""
    lacking = [name for name in names if name not in known]
    if lacking:
        hint = nearest(lacking[0], known)
        problem = f"{where} has no array '{lacking[0]}'; it has {listing(known)}{hint}"
        raise ConfigError("dataset", problem)
    return {name: np.asarray(known[name]) for name in names}


def check_numbers(arrays: Mapping[str, Array]) -> None:
    """Make sure that all have as many rows, and one at least.

    Raises:
        ConfigError: with the number of each.
    """
    flat = [name for name, array in arrays.items() if not array.ndim]
    if flat:
        raise ConfigError("dataset", f"'{flat[0]}' is one value, and no array of rows")
    numbers = {name: len(array) for name, array in arrays.items()}
    if len({*numbers.values()}) > 1:
        told = ", ".join(f"'{name}' {number:,}" for name, number in numbers.items())
        raise ConfigError("dataset", f"has arrays with different numbers of rows: {told}")
    if not next(iter(numbers.values())):
        raise ConfigError("dataset", f"has no rows: {listing(numbers)} have none")


def inputs_of(array: Array, name: str, ids: bool = False) -> Tensor:
    """What a network gets of an array, float32: (N, F), (N, C, L), (N, C, H, W) or any other.

    Images whose pixels are bytes come out from 0 to 1; grey ones without a channel get one.

    Args:
        array: of any kind of numbers.
        name: of it, for messages.
        ids: whether its numbers are places in a vocabulary, and stay int64.

    Raises:
        ConfigError: if there is text, or a number that is not finite, with its row.
    """
    numbers = _numbers(array, name)
    if ids:
        if not np.issubdtype(numbers.dtype, np.integer) or numbers.min() < 0:
            problem = f"names '{name}', which holds {numbers.dtype} from {numbers.min()}"
            raise ConfigError("dataset.ids", f"{problem}; ids are whole numbers from 0 on")
        return torch.from_numpy(numbers.astype("i8"))
    found = torch.from_numpy(numbers.astype("f4"))
    if numbers.dtype == np.uint8 and numbers.ndim in (3, 4):
        found = (found[:, None] if found.ndim == 3 else found) / WHITE
    return found


def tell_inputs(array: Array, name: str, ids: bool) -> None:
    """Say what is made of an array that could be meant otherwise."""
    if array.dtype == np.uint8 and array.ndim in (3, 4) and not ids:
        what = "grey images" if array.ndim == 3 else "images"
        log.info("data: '%s' is taken for %s of bytes, 0 to 255, which become 0 to 1", name, what)
    if array.ndim == 4 and array.shape[-1] in (1, 3) and array.shape[1] not in (1, 3):
        log.warning(
            "data: '%s' has rows of %s; networks take the channels first (C, H, W)",
            *(name, " x ".join(map(str, array.shape[1:]))),
        )


def _numbers(array: Array, name: str) -> Array:
    """The same, if all are finite numbers."""
    if array.dtype.kind not in "biuf":
        first = array.reshape(len(array), -1)[0, 0]
        problem = f"'{name}' holds {array.dtype} ('{printable(str(first))}' in row 0)"
        raise ConfigError("dataset", f"{problem}, and numbers are needed")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0, 0])
        problem = f"'{name}' has a number that is not finite in row {row}"
        raise ConfigError("dataset", f"{problem}; leave the row out, or fill it")
    return array


class Told(NamedTuple):
    """What is to be told of the rows.

    Args:
        kind: one of ``KINDS``.
        values: (N,), (N, T) or (N, H, W), see there.
        names: of the classes; of other kinds none.
    """

    kind: str
    values: Tensor
    names: Sequence[str] = ()

    @property
    def outputs(self) -> int:
        """How many classes, labels or numbers there are."""
        if self.kind in ("class", "masks"):
            return len(self.names)
        return 1 if self.values.ndim == 1 else self.values.shape[1]


def target_of_array(
    array: Array, name: str, kind: str | None, classes: Sequence[str] | None = None
) -> Told:
    """What is to be told, of the kind that is wanted, or that it seems to be.

    Args:
        array: (N,), (N, T) or (N, H, W).
        name: of it, for messages.
        kind: one of ``KINDS``; None leaves it to the array.
        classes: those that there are; None: as many as the array has.

    Raises:
        ConfigError: if it is none of this kind.
    """
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    known = _kind_of(array) if kind is None else kind
    if known not in MAKERS:
        problem = f"is {known!r}; allowed: {listing(KINDS)}{nearest(known, KINDS)}"
        raise ConfigError("dataset.target_kind", problem)
    return MAKERS[known](array, name, classes)


def _kind_of(array: Array) -> str:
    """What an array seems to tell."""
    if array.ndim == 3:
        return "masks"
    if array.dtype.kind == "f":
        return "number"
    if array.ndim == 2:
        return "labels" if np.isin(array, (0, 1)).all() else "number"
    return "class"


def _classes(array: Array, name: str, classes: Sequence[str] | None) -> Told:
    """Labels (N,) of whatever values, sorted."""
    if array.ndim != 1:
        raise _wrong(array, name, "class", "one value for each row")
    if array.dtype.kind == "f":
        _check_whole(_numbers(array, name), name)
        array = array.astype("i8")
    values, places = np.unique(array, return_inverse=True)
    named = [str(value) for value in values.tolist()]
    if classes is None:
        return Told("class", torch.from_numpy(places.astype("i8")), named)
    unknown = [one for one in named if one not in classes]
    if unknown:
        problem = f"'{name}' has the classes {listing(unknown)}, which training rows lack"
        raise ConfigError("dataset.test_target", f"{problem}: nothing can learn them")
    order = torch.tensor([list(classes).index(one) for one in named])
    return Told("class", order[torch.from_numpy(places.astype("i8"))], classes)


def _check_whole(array: Array, name: str) -> None:
    rows = np.flatnonzero(array != np.floor(array))
    if len(rows):
        problem = f"is class, and '{name}' holds {array[rows[0]]:g} in row {rows[0]}"
        raise ConfigError("dataset.target_kind", f"{problem}; say task=regression")


def _targets(array: Array, name: str, _: Sequence[str] | None) -> Told:
    """Numbers (N,) or (N, T), float32."""
    if array.ndim not in (1, 2):
        raise _wrong(array, name, "number", "one or more numbers for each row")
    return Told("number", torch.from_numpy(_numbers(array, name).astype("f4")))


def _labels(array: Array, name: str, _: Sequence[str] | None) -> Told:
    """Labels (N, T), float32, each 0 or 1."""
    numbers = _numbers(array, name)
    if array.ndim != 2 or not np.isin(numbers, (0, 1)).all():
        raise _wrong(array, name, "labels", "a column of 0 and 1 for each label")
    return Told("labels", torch.from_numpy(numbers.astype("f4")))


def _masks(array: Array, name: str, classes: Sequence[str] | None) -> Told:
    """Classes of pixels (N, H, W), int64; ``IGNORE`` where there is none."""
    if array.ndim != 3 or array.dtype.kind not in "iub":
        raise _wrong(array, name, "masks", "whole numbers (N, H, W)")
    found = torch.from_numpy(array.astype("i8"))
    labelled = found[found != IGNORE]
    number = int(labelled.max()) + 1 if len(labelled) else 0
    if found.min() < 0 or (classes is not None and number > len(classes)):
        raise _wrong(array, name, "masks", f"classes from 0, of which training rows have {number}")
    return Told("masks", found, classes or [str(label) for label in range(number)])


def _wrong(array: Array, name: str, kind: str, wanted: str) -> ConfigError:
    shape = " x ".join(map(str, array.shape))
    problem = f"is {kind}, and '{name}' is {array.dtype} of {shape}; wanted: {wanted}"
    return ConfigError("dataset.target_kind", problem)


MAKERS: Mapping[str, Callable[[Array, str, Sequence[str] | None], Told]] = {
    "class": _classes,
    "number": _targets,
    "labels": _labels,
    "masks": _masks,
}
