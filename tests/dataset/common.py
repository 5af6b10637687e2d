"""Settings that every dataset takes, and a folder of images."""

from pathlib import Path

from PIL import Image

from nas_hydra.dataset.augment import Augmentation

COMMON = {
    "num_classes": 10,
    "batch_size": 32,
    "validation": 0.2,
    "limit": None,
    "seed": 0,
    "memory_limit": None,
    "workers": 0,
    "augment": Augmentation([]),
}


def noise() -> Path:
    """A folder with two classes of ten images each."""
    for number in range(20):
        file = Path("images", "ab"[number % 2], f"{number}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((8, 8), 60).save(file)
    return Path("images")
