"""What a record notes of the data, and how that differs from the data of today."""

from collections.abc import Iterator, Mapping
from typing import Any

from nas_hydra.errors import listing
from nas_hydra.files.digest import anything, digests

LATER = ("data", "files")
"""Parts of an identity that older records lack, or have less of."""


def told(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """How the data of one run differs from that of another, in words, as far as both note it.

    Args:
        then: the identity of a run that was recorded.
        now: that of another.
    """
    data, files = (_both(then.get(name), now.get(name)) for name in LATER)
    return "; ".join([*counts_told(*data), *_splits_told(*data), *_files_told(*files)])


def files_told(identity: Mapping[str, Any]) -> Iterator[str]:
    """Which files that a run's config names hold something else by now, if they are there."""
    noted = identity.get("files") or {}
    yield from _files_told(*_both(noted, digests(list(noted), anything)))


def _both(then: Any, now: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both of two parts of an identity tell."""
    one, other = then or {}, now or {}
    common = [key for key in one if key in other]
    return {key: one[key] for key in common}, {key: other[key] for key in common}


def counts_told(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """How the numbers of images per class differ, if both are noted."""
    before, after = then.get("counts"), now.get("counts")
    if before is None or after is None:
        return
    if len(before) != len(after):
        yield f"it had {len(before)} classes, and has {len(after)}"
    elif sum(before) != sum(after):
        yield f"it had {sum(before):,} images for training and validation, and has {sum(after):,}"
    elif before != after:
        yield f"its classes had {before} images, and have {after}"


def _splits_told(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    changed = [name for name in then if name != "counts" and then[name] != now[name]]
    if changed:
        yield f"other {' and '.join(changed)} images"


def _files_told(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    changed = [name for name in then if then[name] != now[name]]
    if changed:
        yield f"{listing(changed, 3)} {'have' if len(changed) > 1 else 'has'} other content"
