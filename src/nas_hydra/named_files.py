"""Files that a config names, such as pretrained weights: digests that tell them from others."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

SCHEME = "file://"


def digests(config: Any) -> dict[str, str]:
    """What the files hold that are named anywhere in a plain config, as text -> digest.

    A text names a file if there is a regular one at that path; folders are not looked into.
    """
    found = {text: digest(text) for text in sorted(set(texts(config)))}
    return {text: known for text, known in found.items() if known is not None}


def texts(config: Any) -> Iterator[str]:
    """Every text among the values of a plain config."""
    if isinstance(config, str):
        yield config
    elif isinstance(config, Mapping):
        for part in config.values():
            yield from texts(part)
    elif isinstance(config, list | tuple):
        for part in config:
            yield from texts(part)


def digest(text: str) -> str | None:
    """Digest of the file that a text names; None if it names none that can be read."""
    try:
        file = Path(text.removeprefix(SCHEME)).expanduser()
        if not file.is_file():
            return None
        known = file.stat()
        return _digest(file.absolute(), known.st_size, known.st_mtime_ns, known.st_ino)
    except (OSError, ValueError, RuntimeError):  # too long for a path, or there is no such home
        return None


@lru_cache(maxsize=1024)
def _digest(file: Path, *_: int) -> str:
    """Of a file that has not been written since, as far as its size and time tell."""
    known = sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            known.update(block)
    return known.hexdigest()[:16]
