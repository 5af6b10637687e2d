"""Configs without the command line: composed in a program, or changed after a search."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra import initialize_config_module
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

CONF = "nas_hydra.conf"


@contextmanager
def composed(overrides: Sequence[str], config_dirs: Sequence[Path] = ()) -> Iterator[DictConfig]:
    """The config of a command with these overrides, for as long as ``${hydra:...}`` is needed.

    Nothing is written, and Hydra's own state, of which there is one in a process, is put back.

    Args:
        overrides: as one would type them.
        config_dirs: further folders of config groups, as given by ``--config-dir``.

    Raises:
        HydraException: if they do not compose.
    """
    with _initialized():
        config = _compose(overrides, config_dirs)
    with begun(config) as own:
        yield own


@contextmanager
def begun(config: DictConfig) -> Iterator[DictConfig]:
    """A config that was composed with its ``hydra`` node, as a job of Hydra's would see it."""
    config = config.copy()
    with _known(config):
        folder = str(Path(HydraConfig.get().run.dir).absolute())
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.runtime.output_dir = folder
    with _known(config):
        own = config.copy()
        with open_dict(own):
            del own["hydra"]
        yield own


@contextmanager
def _known(config: DictConfig) -> Iterator[None]:
    """What ``${hydra:...}`` means, for a while."""
    known = HydraConfig.instance()
    earlier = known.cfg
    known.set_config(config)
    try:
        yield
    finally:
        known.cfg = earlier


def changed(
    config: DictConfig, overrides: Sequence[str], config_dirs: Sequence[Path] = ()
) -> DictConfig:
    """A config that was composed before, with overrides in Hydra's own grammar.

    A group's option (``optimizer=adamw``) takes the place of all that stood there; then values
    are changed, in their order.

    Raises:
        HydraException: if one cannot be read, or there is no such key or option.
    """
    config = config.copy()
    OmegaConf.set_struct(config, True)
    parsed = OverridesParser.create().parse_overrides([*overrides])
    with _initialized():
        options = [override for override in parsed if _is_option(override)]
        for override in options:
            fresh = _compose([str(override.input_line)], config_dirs)
            key = override.key_or_group.replace("/", ".")
            part = OmegaConf.to_container(OmegaConf.select(fresh, key))
            OmegaConf.update(config, key, part, merge=False, force_add=True)
    values = [override for override in parsed if override not in options]
    ConfigLoaderImpl._apply_overrides_to_config(values, config)
    return config


def _is_option(override: Override) -> bool:
    """Whether it takes another option of a config group."""
    group: Any = override.key_or_group
    loader = GlobalHydra.instance().config_loader()
    return isinstance(override.value(), str) and bool(loader.get_group_options(group))


@contextmanager
def _initialized() -> Iterator[None]:
    """Hydra's state of its own for a while; the host may have it in use."""
    base, state = VersionBase.instance(), GlobalHydra.instance()
    earlier = base.version_base, state.hydra
    state.clear()
    try:
        with initialize_config_module(CONF, version_base="1.3"):
            yield
    finally:
        base.version_base, GlobalHydra.instance().hydra = earlier


def _compose(overrides: Sequence[str], config_dirs: Sequence[Path]) -> DictConfig:
    places = [f"file://{folder.absolute()}" for folder in config_dirs]
    searched = [f"hydra.searchpath=[{','.join(places)}]"] if places else []
    return hydra.compose("config", [*searched, *overrides], return_hydra_config=True)
