"""Secrets, masked wherever a config, a command or a message is shown, written or sent."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "***"
SECRET = {"password", "passwd", "passphrase", "secret", "credential", "credentials"}
"""Words in the name of what is a secret whatever it looks like."""
ACCESS = {"token", "key", "apikey"}
"""Words in the name of what is a secret if it is a text: ``key_dim: 64`` is none."""

REFERENCE = r"\$\{[^{}]*\}"
CREDENTIALS = re.compile(
    rf"""([A-Za-z][\w+.-]*://(?:{REFERENCE}|[^\s:/@"<])*):"""  # scheme://user:
    rf"""((?:{REFERENCE}|[^\s"<@]|@(?=[^\s"</]*@))+)@"""  # password@, which may hold an @
)
NAMED = re.compile(r"""([\w-]+)(["']?\s*[:=]\s*)('[^']*'|"[^"]*"|[^\s,&}\]]+)""")
"""A name and its value in an override, in a mapping that one holds, or in a URL's query."""


def masked(value: Any, name: str = "", names: bool = True) -> Any:
    """A plain config without its secrets; references stay, since they tell none.

    Args:
        value: of the config, or of a part.
        name: of that part.
        names: whether keys are secret by their name, see ``is_secret``; else only what looks like
            ``scheme://user:password@``.
    """
    if isinstance(value, Mapping):
        return {key: masked(part, str(key), names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [masked(part, name, names) for part in value]
    if names and is_secret(name, value):
        return MASK
    return masked_text(value) if isinstance(value, str) else value


def masked_text(text: str) -> str:
    """A text without the passwords of the URLs in it."""

    def hide(found: re.Match[str]) -> str:
        known = re.fullmatch(REFERENCE, found[2])
        return f"{found[1]}:{found[2] if known else MASK}@"

    return CREDENTIALS.sub(hide, text)


def masked_words(words: Iterable[str]) -> list[str]:
    """The words of a command, without the secrets among its overrides."""

    def hide(found: re.Match[str]) -> str:
        value = found[3].strip("'\"")
        secret = not value.startswith(("{", "[")) and is_secret(found[1], value)
        return f"{found[1]}{found[2]}{MASK if secret else found[3]}"

    return [NAMED.sub(hide, masked_text(word)) for word in words]


def is_secret(name: str, value: Any) -> bool:
    """Whether a value is a secret by the whole words of its name: ``api_key``, not ``monkey``."""
    if value in (None, "", MASK) or isinstance(value, bool):
        return False
    if isinstance(value, str) and re.fullmatch(REFERENCE + "|null|true|false|VALUE", value):
        return False
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)}
    text = isinstance(value, str) and not re.fullmatch(r"[-+\d.eE]+", value)
    return bool(words & SECRET) or (text and bool(words & ACCESS))
