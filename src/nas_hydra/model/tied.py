"""Networks some of whose modules stand in several places (weight tying, Press and Wolf 2017)."""

from collections.abc import Mapping
from functools import partial
from pkgutil import resolve_name
from typing import Any

from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import nn

from nas_hydra.search_space.sharing import SHARE


def tied(model: Any) -> nn.Module:
    """A network in which all modules of one ``_share_`` are the same object.

    Hydra's ``instantiate`` would make a module of its own in each place; this is called by it with
    ``_recursive_: false``, and makes what is below itself.

    Args:
        model: the network's config; components in it may have a ``_share_`` with a name, and those
            of one name the same arguments.

    Raises:
        ValueError: if components of one name differ, or one has ``_partial_`` or stands in what
            has ``_recursive_: false``.
    """
    plain = OmegaConf.to_container(model, resolve=True) if OmegaConf.is_config(model) else model
    return _built(plain, {})  # type: ignore[no-any-return]


tied.takes_configs = True  # type: ignore[attr-defined]  # for the check of its config


def _built(config: Any, made: dict[str, tuple[Any, Any]]) -> Any:
    if isinstance(config, list):
        return [_built(part, made) for part in config]
    if not isinstance(config, Mapping):
        return config
    if SHARE not in config or "_target_" not in config:
        return _called(config, made)
    own = {key: value for key, value in config.items() if key != SHARE}
    if own.get("_partial_"):
        raise ValueError(f"{SHARE}: {config[SHARE]} stands beside _partial_, which makes no module")
    if config[SHARE] not in made:
        made[config[SHARE]] = own, _called(own, made)
    known, module = made[config[SHARE]]
    if known != own:
        raise ValueError(f"there are two different modules with {SHARE}: {config[SHARE]}")
    return module


def _called(config: Mapping[str, Any], made: dict[str, tuple[Any, Any]]) -> Any:
    """What Hydra's ``instantiate`` gives; it would copy modules that are there already."""
    if "_target_" not in config:
        return _parts(config, made)
    if not _shares(config):
        return instantiate(config, _convert_="all")
    if config.get("_recursive_") is False:
        raise ValueError(f"a module with {SHARE} stands in what has _recursive_: false")
    parts = _parts(config, made)
    call, listed = resolve_name(parts.pop("_target_")), parts.pop("_args_", [])
    deferred = parts.pop("_partial_", False)
    named = {key: value for key, value in parts.items() if key not in ("_recursive_", "_convert_")}
    return partial(call, *listed, **named) if deferred else call(*listed, **named)


def _parts(config: Mapping[str, Any], made: dict[str, tuple[Any, Any]]) -> dict[str, Any]:
    return {key: _built(part, made) for key, part in config.items()}


def _shares(config: Any) -> bool:
    """Whether a shared module is below."""
    if isinstance(config, Mapping):
        return (SHARE in config and "_target_" in config) or any(map(_shares, config.values()))
    return isinstance(config, list) and any(map(_shares, config))
