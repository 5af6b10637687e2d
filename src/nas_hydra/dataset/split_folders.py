"""Folders that hold splits, known by their names."""

import itertools
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from nas_hydra.dataset.image_files import subfolders
from nas_hydra.errors import listing

SPLITS = ("training", "validation", "test")
WORDS = {
    **dict.fromkeys(("train", "training"), "training"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""A word in the name of a folder, in any case -> the split that it holds."""


def split_folders(base: str) -> Mapping[str, Sequence[str]]:
    """Split -> the folders whose names are a word for it, or else have one in them."""
    named = defaultdict(list)
    for name in subfolders(base):
        words = {WORDS[word] for word in re.split(r"[\W_]+", name.lower()) if word in WORDS}
        if len(words) == 1:
            named[words.pop()].append(name)
    exact = {
        split: [one for one in names if one.lower() in WORDS] for split, names in named.items()
    }
    return {split: exact[split] or names for split, names in named.items()}


def listed(named: Mapping[str, Sequence[str]]) -> str:
    """All folders of all splits, in words."""
    return listing(itertools.chain(*named.values()))
