"""A small table of every kind of column, whose classes can be learnt."""

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 120


def frame(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Numbers, some of them missing, two columns of categories, days, and what follows of them.

    ``kind`` has three classes, ``price`` is a number, ``sold`` and ``rare`` are 0 or 1.
    """
    random = np.random.default_rng(seed)
    area, age = random.uniform(20, 200, rows), random.integers(0, 90, rows).astype(float)
    town = random.choice(["Aachen", "Bonn", "Cologne"], rows, p=[0.5, 0.3, 0.2])
    score = area / 60 + (town == "Bonn") + random.normal(0, 0.3, rows)
    age[random.random(rows) < 0.1] = np.nan
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(random.integers(0, 700, rows), "D")
    return pd.DataFrame(
        {
            "area": area.round(1),
            "age": age,
            "town": np.where(random.random(rows) < 0.05, None, town),
            "garden": random.random(rows) < 0.5,
            "built": days.strftime("%Y-%m-%d"),
            "kind": np.array(["flat", "house", "villa"])[np.digitize(score, [1.5, 3.0])],
            "price": (100_000 * score).round(2),
            "sold": (score > 2).astype(int),
            "rare": (score > 3.4).astype(int),
        }
    )


def write(folder: Path, target: str = "kind", drop: str = "[price,sold,rare]") -> list[str]:
    """Write it, and say how it is used."""
    file = folder / "houses.csv"
    frame().to_csv(file, index=False)
    return [
        "dataset=table",
        f"dataset.file={file}",
        f"dataset.target={target}",
        f"dataset.drop={drop}",
    ]
