"""Networks some of whose modules stand in several places (weight tying, Press and Wolf 2017)."""

from collections.abc import Mapping
from typing import Any

from omegaconf import OmegaConf
from torch import nn

from nas_hydra.config.instantiation import Instantiator, Way
from nas_hydra.search_space.sharing import SHARE


def tied(model: Any) -> nn.Module:
    """A network in which all modules of one ``_share_`` are the same object.

    To instantiate its config would make a module in each place; this is called with
    ``_recursive_: false``, by Hydra too, and makes what is below itself.

    Args:
        model: the network's config; components in it may have a ``_share_`` with a name, and those
            of one name the same arguments.

    Raises:
        ValueError: if components of one name differ, or one has ``_partial_`` or stands in what
            has ``_recursive_: false``.
    """
    plain = OmegaConf.to_container(model, resolve=True) if OmegaConf.is_config(model) else model
    return SharedInstantiator().made(plain)  # type: ignore[no-any-return]  # the config of a module


tied.takes_configs = True  # type: ignore[attr-defined]  # for the check of its config


class SharedInstantiator(Instantiator):
    """Makes one module of all components of one ``_share_``."""

    def __init__(self) -> None:
        self.shared: dict[str, tuple[Any, Any]] = {}

    def component(self, config: Mapping[str, Any], way: Way, place: str, **provided: Any) -> Any:
        """What a component's target gives, or gave in another place."""
        own = {key: value for key, value in config.items() if key != SHARE}
        if not way.recursive and any(map(_shares, own.values())):
            raise ValueError(f"a module with {SHARE} stands in what has _recursive_: false")
        if SHARE not in config:
            return super().component(config, way, place, **provided)
        name = config[SHARE]
        if own.get("_partial_"):
            raise ValueError(f"{SHARE}: {name} stands beside _partial_, which makes no module")
        if name not in self.shared:
            self.shared[name] = own, super().component(own, way, place, **provided)
        known, module = self.shared[name]
        if known != own:
            raise ValueError(f"there are two different modules with {SHARE}: {name}")
        return module


def _shares(config: Any) -> bool:
    """Whether a shared module is in a config."""
    if isinstance(config, Mapping):
        return (SHARE in config and "_target_" in config) or any(map(_shares, config.values()))
    return isinstance(config, list) and any(map(_shares, config))
