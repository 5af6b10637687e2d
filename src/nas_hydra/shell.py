"""Commands, and their words, as they are shown to be pasted into the shell."""

import json
import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString


def pasteable(command: str) -> str:
    """One of our commands that finds what this one has found.

    That is the user's modules, by the same ``PYTHONPATH``, and the program, also where this one
    was typed with its folder since that is not among those that the shell looks in.

    Args:
        command: begins with the program's name.
    """
    name, *words = shlex.split(command)
    path = os.environ.get("PYTHONPATH")
    setting = f"PYTHONPATH={shlex.quote(path)} " if path else ""
    return setting + shlex.join([_program(name), *words])


def _program(name: str) -> str:
    beside = os.path.join(os.path.dirname(sys.argv[0]), name)
    found = which(name)
    if not os.path.isfile(beside) or (found and os.path.samefile(found, beside)):
        return name
    return beside


def from_here(folder: Path) -> str:
    """A folder as one would type it: from the working folder, if it lies within."""
    place, here = folder.absolute(), Path.cwd()
    return str(place.relative_to(here) if here in place.parents else place)


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
