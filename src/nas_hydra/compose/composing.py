"""Configs without the command line: composed in a program, or changed after a search."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from hydra.version import VersionBase
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from nas_hydra.compose.hydra_errors import hydra_told
from nas_hydra.compose.loader import PRIMARY, Composer, known
from nas_hydra.compose.overrides import check_overrides


@contextmanager
def composed(overrides: Sequence[str], config_dirs: Sequence[Path] = ()) -> Iterator[DictConfig]:
    """The config of a command with these overrides, for as long as ``${hydra:...}`` is needed.

    Nothing is written, and Hydra's own state, of which there is one in a process, is put back.

    Args:
        overrides: as one would type them.
        config_dirs: further folders of config groups, as given by ``--config-dir``.

    Raises:
        ComposeError: if they do not compose.
    """
    with _initialized(config_dirs) as hydra:
        config = _compose(hydra, overrides)
    with begun(config) as own:
        yield own


@contextmanager
def begun(config: DictConfig) -> Iterator[DictConfig]:
    """A config that was composed with its ``hydra`` node, as a job of Hydra's would see it."""
    config = config.copy()
    with known(config):
        folder = str(Path(HydraConfig.get().run.dir).absolute())
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.runtime.output_dir = folder
    with known(config):
        own = config.copy()
        with open_dict(own):
            del own["hydra"]
        yield own


def changed(
    config: DictConfig, overrides: Sequence[str], config_dirs: Sequence[Path] = ()
) -> DictConfig:
    """A config that was composed before, with overrides in Hydra's own grammar.

    A group's option (``optimizer=adamw``) takes the place of all that stood there; then values
    are changed, in their order.

    Raises:
        ComposeError: if one cannot be read, or there is no such key or option.
    """
    config = config.copy()
    OmegaConf.set_struct(config, True)
    with _initialized(config_dirs) as hydra, hydra_told(hydra.config_loader.repository):
        check_overrides(overrides, hydra.config_loader.repository)
        parsed = OverridesParser.create().parse_overrides([*overrides])
        options = [one for one in parsed if _is_option(one, hydra.config_loader)]
        for one in options:
            fresh = _compose(hydra, [str(one.input_line)])
            key = one.key_or_group.replace("/", ".")
            part = OmegaConf.to_container(OmegaConf.select(fresh, key))
            OmegaConf.update(config, key, part, merge=False, force_add=True)
        values = [one for one in parsed if one not in options]
        ConfigLoaderImpl._apply_overrides_to_config(values, config)
    return config


def _is_option(override: Override, loader: ConfigLoader) -> bool:
    """Whether it takes another option of a config group."""
    group: Any = override.key_or_group
    return isinstance(override.value(), str) and bool(loader.get_group_options(group))


@contextmanager
def _initialized(folders: Sequence[Path]) -> Iterator[Composer]:
    """A Hydra of our own for a while; the host may have one in use."""
    base, state = VersionBase.instance(), GlobalHydra.instance()
    earlier = base.version_base, state.hydra
    state.clear()
    try:
        version.setbase("1.3")
        yield Composer(folders)
    finally:
        base.version_base, GlobalHydra.instance().hydra = earlier


def _compose(hydra: Composer, overrides: Sequence[str]) -> DictConfig:
    return hydra.compose_config(PRIMARY, [*overrides], RunMode.RUN, from_shell=False)
