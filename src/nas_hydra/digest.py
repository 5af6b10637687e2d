"""Digests of what is written, by which whoever reads it again sees that it is still the same."""

import json
from collections.abc import Mapping
from hashlib import file_digest, sha256
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
