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
USER = rf"""[A-Za-z][\w+.-]*://(?:{REFERENCE}|[^\s:/@"<])*"""
CREDENTIALS = re.compile(
    rf"""^([+~\w.@/-]*=?["']?{USER}):(.+)@"""  # a value that is a URL, or KEY=URL
    rf"""|({USER}):((?:{REFERENCE}|[^\s"<])+)@""",  # a URL in a text: to the last @ before a space
    re.DOTALL,
)
QUERY = re.compile(r"""([?&]([\w-]+)=)([^&\s"']+)""")
NAMED = re.compile(r"""([\w-]+)(["']?\s*[:=]\s*)('[^']*'|"[^"]*"|[^\s,&}\]]+)""")
"""A name and its value in an override, or in a mapping that one holds."""


def masked(value: Any, name: str = "", names: bool = True) -> Any:
    """A plain config without its secrets; references stay, since they tell none.

    Args:
        value: of the config, or of a part.
        name: of that part.
        names: whether keys are secret by their name, see ``_is_secret``; else only what looks like
            ``scheme://user:password@``.
    """
    if isinstance(value, Mapping):
        return {key: masked(part, str(key), names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [masked(part, name, names) for part in value]
    if names and _is_secret(name, value):
        return MASK
    return masked_text(value) if isinstance(value, str) else value


def masked_file(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config as it is written for those who build from it: what makes a network keeps its names.

    There, a ``token`` is a piece of an image.
    """
    return {
        name: masked(part, name, name not in ("search_space", "model"))
        for name, part in config.items()
    }


def masked_text(text: str) -> str:
    """A text without the passwords of the URLs in it."""

    def hide(found: re.Match[str]) -> str:
        before, password = found[1] or found[3], found[2] or found[4]
        return f"{before}:{password if re.fullmatch(REFERENCE, password) else MASK}@"

    def hide_named(found: re.Match[str]) -> str:
        return f"{found[1]}{MASK if _is_secret(found[2], found[3]) else found[3]}"

    return QUERY.sub(hide_named, CREDENTIALS.sub(hide, text))


def masked_words(words: Iterable[str]) -> list[str]:
    """The words of a command, without the secrets among its overrides."""

    def hide(found: re.Match[str]) -> str:
        value = found[3].strip("'\"")
        secret = not value.startswith(("{", "[")) and _is_secret(found[1], value)
        return f"{found[1]}{found[2]}{MASK if secret else found[3]}"

    return [NAMED.sub(hide, masked_text(word)) for word in words]


def _is_secret(name: str, value: Any) -> bool:
    """Whether a value is a secret by the whole words of its name: ``api_key``, not ``monkey``."""
    if value in (None, "", MASK) or isinstance(value, bool):
        return False
    if isinstance(value, str) and re.fullmatch(REFERENCE + "|null|true|false|VALUE", value):
        return False
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)}
    text = isinstance(value, str) and not re.fullmatch(r"[-+\d.eE]+", value)
    return bool(words & SECRET) or (text and bool(words & ACCESS))
