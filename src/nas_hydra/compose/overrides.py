"""Overrides, as they are typed: ``KEY=VALUE`` in Hydra's grammar."""

import json
from collections.abc import Sequence
from math import ceil, prod

from hydra._internal.config_repository import IConfigRepository
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import (
    ChoiceSweep,
    IntervalSweep,
    Override,
    RangeSweep,
)

from nas_hydra.compose.mistakes import ComposeError
from nas_hydra.compose.yaml_file import MOST_LEVELS
from nas_hydra.errors import listing

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
