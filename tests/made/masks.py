"""Scenes of scikit-learn's digits, with exact masks of their strokes."""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

DIGITS = (0, 1, 7)
"""Which of them stand in a scene; their classes are 1, 2 and 3, and 0 is the background."""
SIDE = 24
"""Of a scene, in pixels; of a digit it is 8."""


def scene(rng: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """An image of two digits, and its mask."""
    digits = load_digits()
    pixels, mask = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE), "u1")
    for row in (0, SIDE // 2):
        label = int(rng.choice(DIGITS))
        stroke = digits.images[rng.choice(np.flatnonzero(digits.target == label))]
        top, left = row + rng.integers(4), rng.integers(SIDE - 8)
        pixels[top : top + 8, left : left + 8] = stroke
        mask[top : top + 8, left : left + 8][stroke > 6] = 1 + DIGITS.index(label)
    return Image.fromarray((pixels * 15).astype("u1")), Image.fromarray(mask)


def scenes(folder: Path, number: int, seed: int = 0) -> None:
    """Write so many below a folder."""
    rng = np.random.default_rng(seed)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for place in range(number):
        for kind, picture in zip(("images", "masks"), scene(rng), strict=True):
            picture.save(folder / kind / f"{place}.png")


def write(folder: Path) -> list[str]:
    """A folder of scenes, and the overrides that search on it."""
    scenes(folder / "scenes", 40)
    return ["dataset=masks", "task=segmentation", f"dataset.root={folder / 'scenes'}"]
