"""Columns of a table: numbers scaled and none missing, categories as codes from 0."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nas_hydra.dataset.prepare import Prepare
from nas_hydra.dataset.prepare.quantile import Quantile
from nas_hydra.dataset.prepare.standardize import Standardized
from nas_hydra.dataset.tree import Tree, joined
from nas_hydra.errors import ConfigError

Scale = Literal["quantile", "standard", "none"]
SCALES = ("quantile", "standard", "none")


@dataclass(frozen=True)
class Columns(Prepare):
    """Fills what is missing, scales numbers, and numbers the categories that training has.

    A missing number becomes the median, and a column tells 1 where that was done. A category that
    is missing, or that the training rows do not have, is 0.

    Args:
        numbers: by their ranks to normal ones; to mean 0 and deviation 1; or as they are.
        indicators: places of the numbers of which a column tells that they are missing; None:
            those that are in training.
        cardinalities: of each category, how many codes there are with the 0; None: as training has.
    """

    numbers: Scale = "quantile"
    # A dataset says these of its table.
    indicators: Sequence[int] | None = field(default=None, repr=False)
    cardinalities: Sequence[int] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.numbers not in SCALES:
            allowed = f"allowed: {', '.join(SCALES)}"
            raise ConfigError("dataset.prepare.numbers", f"is {self.numbers!r}; {allowed}")
        for name in ("indicators", "cardinalities"):
            given = getattr(self, name)
            object.__setattr__(self, name, None if given is None else tuple(given))

    def fit(self, parts: Iterable[Tree]) -> "PreparedColumns":
        """Of ``numbers``, float32 (n, F), and ``categories``, int64 (n, G); or one of them."""
        rows: Mapping[str, Tensor] = joined([*parts])
        numbers = codes = None
        if "numbers" in rows:
            numbers = self._numbers(rows["numbers"].numpy())
        if "categories" in rows:
            codes = self._codes(rows["categories"])
        return PreparedColumns(numbers, codes)

    def _numbers(self, rows: NDArray[np.float32]) -> "PreparedNumbers":
        missing = ~np.isfinite(rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of columns without a value
            medians = np.nanmedian(np.where(missing, np.nan, rows), axis=0)
        filled = torch.from_numpy(np.nan_to_num(medians).astype(np.float32))
        seen = np.flatnonzero(missing.any(axis=0)).tolist()
        indicators = seen if self.indicators is None else self.indicators
        return PreparedNumbers(filled, self._scale(rows, missing), indicators)

    def _scale(self, rows: NDArray[np.float32], missing: NDArray[np.bool_]) -> nn.Module:
        if self.numbers == "none":
            return nn.Identity()
        if self.numbers == "quantile":
            return Quantile.of(rows)
        known = np.ma.masked_array(rows.astype(np.float64), missing)
        mean, std = (
            np.ma.filled(one, 0).astype(np.float32) for one in (known.mean(0), known.std(0))
        )
        return Standardized(torch.from_numpy(mean), torch.from_numpy(np.where(std > 0, std, 1)))

    def _codes(self, rows: Tensor) -> "PreparedCategories":
        known = self.cardinalities
        if known is None:
            known = tuple((rows.max(dim=0).values + 2).tolist())
        tables = []
        for column, cardinality in zip(rows.T, known, strict=True):
            table = torch.zeros(cardinality, dtype=torch.int64)
            seen = column[column >= 0].unique() + 1
            table[seen] = seen
            tables.append(table)
        return PreparedCategories(tables)


class PreparedNumbers(nn.Module):
    """Numbers (N, F), NaN where one is missing, to (N, F + indicators) without NaN.

    Args:
        medians: (F,), for what is missing.
        scale: numbers (N, F) to scaled ones.
        indicators: places of the numbers of which a column tells that they are missing.
    """

    medians: Tensor
    indicators: Tensor

    def __init__(self, medians: Tensor, scale: nn.Module, indicators: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("medians", medians)
        self.register_buffer("indicators", torch.tensor([*indicators], dtype=torch.int64))
        self.scale = scale

    def forward(self, numbers: Tensor) -> Tensor:
        """Infinite numbers are missing, too."""
        missing = torch.isnan(numbers) | torch.isinf(numbers)
        scaled = self.scale(torch.where(missing, self.medians, numbers))
        if not len(self.indicators):
            return scaled  # type: ignore[no-any-return]
        told = missing.index_select(1, self.indicators)
        return torch.cat([scaled, told.to(numbers.dtype)], dim=1)


class PreparedCategories(nn.Module):
    """Codes (N, G) from 0, -1 if missing, to those that training has, from 1; others to 0.

    Args:
        tables: of each column (cardinality,): what becomes of -1, 0, 1, ...
    """

    table: Tensor
    offsets: Tensor
    sizes: Tensor

    def __init__(self, tables: Sequence[Tensor]) -> None:
        super().__init__()
        sizes = torch.tensor([len(one) for one in tables])
        self.register_buffer("table", torch.cat([*tables]))
        self.register_buffer("sizes", sizes)
        self.register_buffer("offsets", sizes.cumsum(0) - sizes)

    def forward(self, codes: Tensor) -> Tensor:
        """A code that no table has is unknown, too."""
        places = codes + 1
        known = (places >= 0) & (places < self.sizes)
        return self.table[torch.where(known, places, 0) + self.offsets]


class PreparedColumns(nn.Module):
    """Columns of each kind, by its own module.

    Args:
        numbers: of ``numbers``; None if there are none.
        categories: of ``categories``; likewise.
    """

    def __init__(
        self, numbers: PreparedNumbers | None, categories: PreparedCategories | None
    ) -> None:
        super().__init__()
        parts = {"numbers": numbers, "categories": categories}
        self.parts = nn.ModuleDict({name: one for name, one in parts.items() if one is not None})

    def forward(self, columns: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The same keys."""
        return {name: part(columns[name]) for name, part in self.parts.items()}
