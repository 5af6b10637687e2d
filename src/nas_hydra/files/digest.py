"""Digests of what is written and of files that a config names: the same, or another?"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from hashlib import file_digest, sha256
from itertools import islice
from pathlib import Path
from typing import Any

DIGEST = "digest"
"""The key under which a digest is kept, beside what it is of."""


def digest_of(content: Any) -> str:
    """16 hexadecimal digits that only this content has.

    They do not depend on the order of keys, nor on the sign of 0.0, which SQLite drops.

    Args:
        content: JSON-like.
    """
    written = json.dumps(_unsigned(json.loads(json.dumps(content))), sort_keys=True)
    return sha256(written.encode()).hexdigest()[:16]


def digest_of_file(file: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits."""
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content with its digest."""
    return {**content, DIGEST: digest_of(content)}


def unsealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content without its digest."""
    return {key: value for key, value in content.items() if key != DIGEST}


def intact(content: Mapping[str, Any]) -> bool:
    """Whether the content is what its digest is of; what has none is not known to be otherwise."""
    return DIGEST not in content or content[DIGEST] == digest_of(unsealed(content))


def _unsigned(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _unsigned(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_unsigned(value) for value in content]
    return content + 0.0 if isinstance(content, float) else content


SCHEME = "file://"
MOST = 20_000
"""Files of a folder that are looked at, in a tenth of a second; those after them are not told."""
WRITTEN = {"__pycache__", "wandb", "lightning_logs", "outputs", "multirun"}
"""Folders that runs write; likewise those with a dot before their name."""


def nothing(text: str) -> bool:
    """Of the texts that may name a folder: none, as where a config says where to write."""
    return False


def is_path(text: str) -> bool:
    """Those that are more than a word, which may be the label of a choice."""
    return "/" in text or os.sep in text


def anything(text: str) -> bool:
    """All of them, as where a config says where data is."""
    return True


def digests(config: Any, folders: Callable[[str], bool] = nothing) -> dict[str, str]:
    """What the files hold that are named anywhere in a plain config, as text -> digest_of_path.

    A text names a file if there is a regular one at that path, and a folder likewise.

    Args:
        config: plain values.
        folders: which texts may name a folder of data or of weights.
    """
    found = {text: digest_of_path(text, folders(text)) for text in sorted(set(_texts(config)))}
    return {text: known for text, known in found.items() if known is not None}


def _texts(config: Any) -> Iterator[str]:
    """Every text among the values of a plain config."""
    if isinstance(config, str):
        yield config
    elif isinstance(config, Mapping):
        for part in config.values():
            yield from _texts(part)
    elif isinstance(config, list | tuple):
        for part in config:
            yield from _texts(part)


def digest_of_path(text: str, folder: bool = False) -> str | None:
    """Digest of the file or folder that a text names; None if it names none that can be read."""
    try:
        place = Path(text.removeprefix(SCHEME)).expanduser()
        if place.is_file():
            known = place.stat()
            return _digest(place.absolute(), known.st_size, known.st_mtime_ns, known.st_ino)
        return _listed(place) if folder and text and _holds_data(place) else None
    except (OSError, ValueError, RuntimeError):  # too long for a path, or there is no such home
        return None


def _holds_data(place: Path) -> bool:
    """Whether there is a folder, which runs do not write into: none that holds the present one."""
    apart = place.name in WRITTEN or Path.cwd().is_relative_to(place.resolve())
    return place.is_dir() and not apart


def _listed(folder: Path) -> str:
    """Digest of the paths, sizes and times of change of the files in a folder."""
    known = sha256()
    for path, size, changed in islice(_files(folder, ""), MOST):
        known.update(f"{path}\0{size}\0{changed}\n".encode(errors="surrogateescape"))
    return known.hexdigest()[:16]


def _files(folder: Path, below: str) -> Iterator[tuple[str, int, int]]:
    """Path within the folder, size and time of change of every file, in the order of names."""
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        path = f"{below}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name not in WRITTEN:
                yield from _files(Path(entry.path), f"{path}/")
        elif entry.is_file():
            known = entry.stat()
            yield path, known.st_size, known.st_mtime_ns


@lru_cache(maxsize=1024)
def _digest(file: Path, *_: int) -> str:
    """Of a file that has not been written since, as far as its size and time tell."""
    known = sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            known.update(block)
    return known.hexdigest()[:16]
