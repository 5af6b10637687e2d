"""Overrides, as they are typed, ``KEY=VALUE`` in Hydra's grammar, and jobs named by them."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from math import ceil, prod
from pathlib import PurePath
from typing import Any

from hydra._internal.config_repository import IConfigRepository
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    QuotedString,
    RangeSweep,
)
from omegaconf import DictConfig, OmegaConf

from nas_hydra.compose.hydra_errors import ComposeError
from nas_hydra.compose.yaml_file import MOST_LEVELS
from nas_hydra.errors import listing
from nas_hydra.masking import masked

LONGEST = 10_000
"""Characters of one override; Hydra's parser takes a second for some thirty thousand."""
MOST_JOBS = 1_000
"""Of a sweep; Hydra composes all of them, at some ten a second, before it begins the first."""
PLACE = "put the value into a YAML file, and add its folder with --config-dir"


def check_overrides(words: Sequence[str], repository: IConfigRepository) -> None:
    """Check what Hydra itself takes for granted: sizes, and that a group is given an option.

    Raises:
        ComposeError: naming the key.
        OverrideParseException: if one is no override.
    """
    for word in words:
        _check_size(word)
    for one in OverridesParser.create().parse_overrides([*words]):
        if one.key_or_group and repository.group_exists(one.key_or_group):
            _check_option(one, repository)


def _check_size(word: str) -> None:
    key = word.partition("=")[0][:100]
    if len(word) > LONGEST:
        problem = f"has {len(word):,} characters; at most {LONGEST:,} are read here"
        raise ComposeError(key, f"{problem}: {PLACE}")
    levels = deepest = 0
    for sign in word:
        levels += (sign in "[{(") - (sign in "]})")
        deepest = max(deepest, levels)
    if deepest > MOST_LEVELS:
        raise ComposeError(key, f"is nested {deepest} levels deep; at most {MOST_LEVELS} are read")


def _check_option(one: Override, repository: IConfigRepository) -> None:
    group, value = one.key_or_group, one.value()
    deleted = one.is_delete() and value is None
    if deleted or one.is_sweep_override() or isinstance(value, dict):
        return  # a mapping changes keys; each job of a sweep is composed before the first begins
    for name in value if isinstance(value, list) else [value]:
        if isinstance(name, str):
            continue
        if group == "hydra":
            problem = "say hydra.KEY=VALUE, as in hydra.run.dir=FOLDER"
        else:
            options = listing(repository.get_group_options(group))
            problem = f"it takes the name of an option: {options}"
        raise ComposeError(group, f"is {json.dumps(name)}; {problem}")


def check_sweep(words: Sequence[str]) -> None:
    """Check that a sweep over all values has an end that can be lived to.

    Raises:
        ComposeError: naming the override with the most values, or the one with none.
    """
    counts = {
        one.key_or_group: _count(one) for one in OverridesParser.create().parse_overrides([*words])
    }
    jobs, most = prod(counts.values()), max(counts, key=counts.__getitem__, default="")
    if not jobs:
        raise ComposeError(
            next(key for key in counts if not counts[key]), "is a sweep over no value"
        )
    if jobs > MOST_JOBS:
        problem = f"makes a sweep of {jobs:,} searches; at most {MOST_JOBS:,} are begun together"
        raise ComposeError(most, problem)


def _count(one: Override) -> int:
    match one.value():
        case ChoiceSweep(list=values):
            return len(values)
        case RangeSweep(start=int() | float() as start, stop=int() | float() as stop, step=step):
            if not step:
                raise ComposeError(one.key_or_group, "is a range whose step is 0")
            return max(0, ceil((stop - start) / step))
        case IntervalSweep():
            problem = "is an interval, and a plain sweep tries single values"
            raise ComposeError(one.key_or_group, f"{problem}; say range(...), or the values: 1,2,3")
    return 1


LONGEST_NAME = 120
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
        if not _tells(raw, known, key, _text_of(value))
    ]
    return raw + _named(
        [(key, masked(value, key)) for key, value in more], LONGEST_NAME - len(known)
    )


def _named(overridden: Iterable[tuple[str, Any]], most: int = LONGEST_NAME) -> str:
    """``-KEY_VALUE`` for each override, by key, as a file may be called.

    Where a value cannot be told whole, a digest of all of them stands at the end.
    """
    known = sorted(overridden)
    plain = "".join(f"-{key}_{_text_of(value)}" for key, value in known)
    safe = "".join(f"-{UNSAFE.sub('_', key)}_{_safe(value)}" for key, value in known)
    if safe == plain and len(safe) <= most:
        return safe
    digest = sha256(json.dumps(known).encode()).hexdigest()[:6]
    return f"{safe[: max(0, most - 7)]}-{digest}"


def _text_of(value: Any) -> str:
    """A value as it stands in a name."""
    if isinstance(value, list):
        return "+".join(map(_text_of, value))
    return value if isinstance(value, str) and not LIKE.fullmatch(value) else json.dumps(value)


def _safe(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(map(_safe, value))
    text = _text_of(value)
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
