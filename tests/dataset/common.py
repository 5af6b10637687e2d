"""Settings that every dataset takes."""

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
