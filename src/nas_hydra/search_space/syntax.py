"""The special keys of an opened config, and which of them may stand together."""

import re
from collections.abc import Mapping
from typing import Any

from nas_hydra.errors import ConfigError, listing, nearest
from nas_hydra.search_space.place import Path, dotted

OPENERS = ("_choice_", "_int_", "_float_", "_repeat_")
"""The keys that open a value."""
COMPANIONS = {"_repeat_": {"_name_", "_block_", "_share_"}}
"""What may stand beside an opener; beside any other, a ``_name_``."""
HYDRA_KEYS = ("_target_", "_args_", "_partial_", "_recursive_", "_convert_")
"""The special keys of ``hydra.utils.instantiate``."""


def is_open(raw: Any) -> bool:
    """Whether a raw value is itself an open value or a repeated block."""
    return isinstance(raw, Mapping) and any(key in raw for key in OPENERS)


def opener_of(path: Path, raw: Mapping[str, Any]) -> str | None:
    """The key that opens a mapping, if any, after checking the keys beside it.

    Raises:
        ConfigError: for a key that looks special and is not, or one that may not stand here.
    """
    openers = [key for key in OPENERS if key in raw]
    if not openers:
        for key in raw:
            known = key in HYDRA_KEYS or (key == "_share_" and "_target_" in raw)
            if isinstance(key, str) and re.fullmatch(r"_[a-zA-Z]+_", key) and not known:
                hint = nearest(key, (*OPENERS, *HYDRA_KEYS))
                allowed = f"; allowed: {listing((*OPENERS, *HYDRA_KEYS))}"
                raise ConfigError(f"{dotted(path)}.{key}", f"means nothing here{hint}{allowed}")
        return None
    beside = set(raw) - {openers[0]} - COMPANIONS.get(openers[0], {"_name_"})
    if beside:
        raise ConfigError(
            dotted(path),
            f"{openers[0]} stands beside {listing(sorted(map(str, beside)))}; an open value holds "
            f"nothing else. To replace one in an override, delete it first: "
            f"'~{dotted(path)}' '+{dotted(path)}=...'",
        )
    return openers[0]


def no_options(path: Path, given: Any) -> ConfigError:
    """The error of a ``_choice_`` without options."""
    return ConfigError(
        f"{dotted(path)}._choice_", f"is {given!r}; it needs a list of at least one option"
    )
