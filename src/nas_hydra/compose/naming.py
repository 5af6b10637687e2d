"""What a job of a sweep is called: the same whatever else is swept, so that a sweep can grow."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from omegaconf import DictConfig, OmegaConf

from nas_hydra.masking import masked

LONGEST = 120
"""Characters of a name; W&B takes 128, and file systems 255 bytes."""
UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)
"""What a shell, Hydra's grammar or a file system reads as something else."""
LIKE = re.compile(r"null|true|false|[-+.\d][\d_.e+-]*", re.IGNORECASE)
"""Texts that would be read as something else, and are told in quotes."""
NEUTRAL = ("tracker", "record", "engine", "trial", "report", "folder", "name", "budget.trials")
"""Settings that decide nothing about a trial; they name a job only where they are swept."""


def name_of_job(config: DictConfig, words: Sequence[str], typed: Sequence[str]) -> str | None:
    """A job's ``name``, which tells what the job overrides beside what it tells already.

    Args:
        config: of the job, with its ``hydra`` node, which is known to Hydra.
        words: the job's overrides.
        typed: those of the sweep that it is part of.

    Returns:
        The name as it stands in a config; None if that has none to begin with.
    """
    known = str(OmegaConf.select(config, "name") or "").strip()
    if not known:
        return None
    raw = str(config._get_node("name")._value())  # type: ignore[union-attr]  # it is there
    more = [
        (key, value)
        for key, value in _overridden(words, typed)
        if not _tells(raw, known, key, text_of(value))
    ]
    return raw + named([(key, masked(value, key)) for key, value in more], LONGEST - len(known))


def named(overridden: Iterable[tuple[str, Any]], most: int = LONGEST) -> str:
    """``-KEY_VALUE`` for each override, by key, as a file may be called.

    Where a value cannot be told whole, a digest of all of them stands at the end.
    """
    known = sorted(overridden)
    plain = "".join(f"-{key}_{text_of(value)}" for key, value in known)
    safe = "".join(f"-{UNSAFE.sub('_', key)}_{_safe(value)}" for key, value in known)
    if safe == plain and len(safe) <= most:
        return safe
    digest = sha256(json.dumps(known).encode()).hexdigest()[:6]
    return f"{safe[: max(0, most - 7)]}-{digest}"


def text_of(value: Any) -> str:
    """A value as it stands in a name."""
    if isinstance(value, list):
        return "+".join(map(text_of, value))
    return value if isinstance(value, str) and not LIKE.fullmatch(value) else json.dumps(value)


def _safe(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(map(_safe, value))
    text = text_of(value)
    text = PurePath(text).name if isinstance(value, str) and "/" in text else text
    return UNSAFE.sub("_", text).strip("_")


def _overridden(words: Sequence[str], typed: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Keys and values, but for neutral ones that all jobs have."""
    fixed = {_key(one) for one in _parsed(typed) if not one.is_sweep_override()}
    neutral = re.compile(rf"({'|'.join(map(re.escape, NEUTRAL))})\b")
    for key, value in {_key(one): _value(one) for one in _parsed(words)}.items():
        if not (key in fixed and neutral.match(key)):
            yield key, value


def _parsed(words: Sequence[str]) -> list[Override]:
    return OverridesParser.create().parse_overrides([*words])


def _key(one: Override) -> str:
    key = one.key_or_group.replace("/", ".") + (f"@{one.package}" if one.package else "")
    return f"without.{key}" if one.is_delete() else key


def _value(one: Override) -> Any:
    def plain(value: Any) -> Any:
        if isinstance(value, QuotedString):
            return value.text
        if isinstance(value, list):
            return [plain(part) for part in value]
        if isinstance(value, dict):
            return {str(key): plain(part) for key, part in value.items()}
        return value

    return plain(one.value())


def _tells(raw: str, known: str, key: str, text: str) -> bool:
    """Whether a name refers to a key, and shows its value."""
    refers = re.search(rf"(\$\{{|[.,:{{]){re.escape(key)}\b", raw)
    return bool(refers) and f"-{text}-" in f"-{known}-"
