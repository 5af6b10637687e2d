"""What ``model.json`` says of a model: what it takes, what its outputs mean, where it is from."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    NonNegativeInt,
    PositiveInt,
    field_validator,
    model_validator,
)

Dtype = Literal[
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128", "bool",
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
]  # fmt: skip
"""Of torch's."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Image(_Part):
    """The images that a model takes."""

    channels: PositiveInt
    height: PositiveInt
    width: PositiveInt

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.channels, self.height, self.width


class Normalize(_Part):
    """What is subtracted from each channel's pixels in [0, 1], and what that is divided by."""

    mean: Sequence[FiniteFloat]
    std: Sequence[Annotated[FiniteFloat, Field(gt=0)]]


class Kind(_Part):
    """A tensor of inputs, without its rows: ``int64`` and ``[12]``."""

    dtype: Dtype
    shape: Sequence[NonNegativeInt]


class Preparation(_Part):
    """The file of the fitted preparation of the inputs.

    Args:
        sha256: of the file.
        classes: of the modules in it, by their full names; nothing else is made of it.
    """

    sha256: str
    classes: Sequence[str]


class ModelSource(_Part):
    """Where a model comes from: a search's folder, and its trial's number and key."""

    run: str
    trial: int
    key: str


class Description(_Part):
    """What ``model.json`` holds.

    Args:
        classes: names by logit; None if the task knows none.
        image: what the model takes; None if that is no image.
        normalize: how its pixels are made; None if they are prepared otherwise.
        inputs: what the model takes, if that is no image: the tree of a batch's inputs, with
            ``Kind`` for each tensor, and a list for a tuple.
        prepare: how the inputs are made of that; None if they are taken as they are.
        task: what its task knows beside the classes, see ``Task.facts``; None if that is nothing.
        data: how the rows of a file become inputs, see ``Dataset.described``; likewise.
        source: the trial that it is.
        versions: package -> the version that trained it.
        weights: SHA-256 of the file of its weights; None in folders of version 0.1.
        examples: SHA-256 of the file with digests of its rows; None in older folders, or if the
            data does not tell its rows.
        config: SHA-256 of ``best.yaml``; likewise.
    """

    classes: Sequence[str] | None = None
    image: Image | None = None
    normalize: Normalize | None = None
    inputs: JsonValue = None
    prepare: Preparation | None = None
    task: JsonValue = None
    data: JsonValue = None
    source: ModelSource
    versions: Mapping[str, str]
    weights: str | None = None
    examples: str | None = None
    config: str | None = None

    @property
    def content(self) -> dict[str, Any]:
        """As it is written: without what there is not."""
        return self.model_dump(exclude_none=True)

    @field_validator("inputs")
    @classmethod
    def _of_kinds(cls, inputs: JsonValue) -> JsonValue:
        if inputs is not None:
            _check_kinds(inputs)
        return inputs

    @model_validator(mode="after")
    def _of_one_size(self) -> Self:
        if (self.image is None) == (self.inputs is None):
            raise ValueError("either image or inputs must say what the model takes")
        if self.image is None or self.normalize is None:
            return self
        for name, values in (("mean", self.normalize.mean), ("std", self.normalize.std)):
            if len(values) != self.image.channels:
                channels = f"{len(values)} values for {self.image.channels} channels"
                raise ValueError(f"normalize.{name} has {channels}")
        return self


def is_kind(part: Any) -> bool:
    """Whether a part of ``inputs`` is a tensor, and no tree of them."""
    return (
        isinstance(part, Mapping)
        and part.keys() == {"dtype", "shape"}
        and isinstance(part["dtype"], str)
    )


def _check_kinds(inputs: Any) -> None:
    """Make sure that this is a tree of kinds.

    Raises:
        ValueError: if it is not.
    """
    if is_kind(inputs):
        Kind.model_validate(inputs)
    elif isinstance(inputs, Mapping) and inputs:
        for part in inputs.values():
            _check_kinds(part)
    elif isinstance(inputs, list) and inputs:
        for part in inputs:
            _check_kinds(part)
    else:
        raise ValueError("inputs is no tree of tensors' dtypes and shapes")
