"""One setting of the whole process."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """Something that a library or the system keeps for the whole process.

    Args:
        name: in the user's words.
        read: gives a value that can be compared and does not change with the setting.
        write: takes such a value.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], Any]


def attribute(owner: Any, name: str, words: str | None = None) -> Setting:
    """A setting that is an attribute.

    Args:
        owner: whose.
        name: of the attribute.
        words: what it is called; None: as the attribute.
    """
    return Setting(
        words or name, lambda: getattr(owner, name), lambda value: setattr(owner, name, value)
    )
