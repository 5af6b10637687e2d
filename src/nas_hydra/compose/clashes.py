"""Where two configs cannot be merged: Hydra says in which file, and not of which key."""

from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nas_hydra.errors import in_words
from nas_hydra.masking import masked


def clash(known: DictConfig, more: Any) -> tuple[str, str] | None:
    """What of a config cannot be merged into what is known: the dotted key, and why."""
    for key in more:
        try:
            known.copy().merge_with(DictConfig({key: more._get_node(key)}))
        except OmegaConfBaseException as error:
            below: Any = known._get_node(key) if key in known else None
            value = more._get_node(key)
            inner = clash(below, value) if _is_mapping(below) and _is_mapping(value) else None
            if inner:
                return f"{key}.{inner[0]}", inner[1]
            return str(key), _kinds(str(key), value, below) or in_words(error)
    return None


def _kinds(key: str, value: Any, known: Any) -> str:
    """That one is a mapping or a list, and the other is not."""
    plain = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    plain = getattr(plain, "_value", lambda: plain)()
    if isinstance(known, DictConfig):
        return f"is {masked(plain, key)!r}; it must be a mapping"
    return f"is {masked(plain, key)!r}; it must be a list" if isinstance(known, ListConfig) else ""


def _is_mapping(part: Any) -> bool:
    return isinstance(part, DictConfig) and not (part._is_none() or part._is_missing())
