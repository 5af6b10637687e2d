"""Values as words of a command line: ``KEY=VALUE`` in Hydra's grammar."""

import json
import re
from collections.abc import Mapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString

PATH = re.compile(r"[A-Za-z_][\w-]*(\.([A-Za-z_][\w-]*|\d+))*", re.ASCII)
"""Dotted keys that can be said."""
KEY = re.compile(r"(?!(null|true|false|nan|inf)$)[A-Za-z_]\w*", re.ASCII | re.IGNORECASE)
"""Keys of a mapping that can be said within a value."""


def override(key: str, value: Any) -> str:
    """The override that gives a key this very value.

    Args:
        key: dotted.
        value: plain: a text, a number, true, false, null, or lists and mappings of them.

    Raises:
        ValueError: if Hydra's grammar has no word for it, because of a key.
    """
    if not PATH.fullmatch(key):
        raise ValueError(f"the key '{key}' cannot be said")
    return f"{key}={said(value)}"


def said(value: Any) -> str:
    """A value in Hydra's grammar; raises as ``override``."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_key(name)}:{said(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(said, value)) + "]"
    return repr(value) if isinstance(value, float) else json.dumps(value)


def _text(text: str) -> str:
    if re.fullmatch(r"[\w./-]+", text, re.ASCII):
        (read,) = OverridesParser.create().parse_overrides([f"key={text}"])
        if read.value() == text:  # and no number, or a word like null
            return text
    escaped = re.sub(r"(\\*)\$\{", r"\1\1\\${", text)  # no reference: a text
    return str(QuotedString(escaped, Quote.single).with_quotes())


def _key(name: Any) -> str:
    if not isinstance(name, str) or not KEY.fullmatch(name):
        raise ValueError(f"the key '{name}' within a value cannot be said")
    return name
