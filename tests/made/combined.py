"""Digits as image files that a table names, with columns beside them."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.datasets import load_digits


def rows(folder: Path, number: int = 60) -> Path:
    """A table and its images; the sum of digit and offset is to be told, which takes both."""
    digits, rng = load_digits(), np.random.default_rng(0)
    (folder / "photos").mkdir(parents=True, exist_ok=True)
    for place in range(number):
        picture = Image.fromarray((digits.images[place] * 15).astype("u1"))
        picture.save(folder / "photos" / f"{place}.png")
    offset = rng.normal(size=number)
    table = pd.DataFrame(
        {
            "file": [f"photos/{place}.png" for place in range(number)],
            "offset": offset,
            "paper": rng.choice(["white", "grey"], size=number),
            "total": digits.target[:number] + 3 * offset,
        }
    )
    table.to_csv(folder / "rows.csv", index=False)
    return folder / "rows.csv"


def write(folder: Path) -> list[str]:
    """The table, and the overrides that search on it."""
    settings = [f"dataset.file={rows(folder)}", "dataset.target=total"]
    return ["dataset=combined", "task=regression", *settings, "dataset.images=file"]
