"""How Hydra finds and composes configs here: the user's own options first, mistakes told."""

import copy
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository, IConfigRepository
from hydra._internal.hydra import Hydra
from hydra._internal.utils import create_config_search_path
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.default_element import GroupDefault, InputDefault, ResultDefault
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.object_type import ObjectType
from hydra.errors import ConfigCompositionException
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, ListConfig, OmegaConf

from nas_hydra.compose.hydra_errors import METRICS, ComposeError, clash, hydra_told
from nas_hydra.compose.nested import followed, is_nested
from nas_hydra.compose.overrides import check_overrides, check_sweep, name_of_job
from nas_hydra.compose.yaml_file import reading
from nas_hydra.config.total_steps import add_total

CONF = "pkg://nas_hydra.conf"
PRIMARY = "config"
"""The config that all begins with; a user's own of this name takes another with --config-name."""
LAST = {"hydra": 1, "main": 1, "schema": 2}
"""Where configs are looked for after everybody else's folders; Hydra asks its own first."""
TASKS = "task/"
"""Whose empty mappings, of metrics and of heads, are there to be filled by any name."""
BASIC = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"
"""The sweeper that tries all combinations of values."""
COMMAND = "command-line"
"""Who named a folder of ``--config-dir``, as Hydra says it."""


class Composer(Hydra):
    """Hydra over our loader; it is the one of this process.

    Args:
        folders: of the user's options.
        conf: where the primary config is.

    Raises:
        ComposeError: if there is no such folder.
    """

    config_loader: "Loader"

    def __init__(self, folders: Sequence[Path] = (), conf: str = CONF) -> None:
        search_path = create_config_search_path(conf)
        for folder in folders:
            search_path.prepend(COMMAND, f"file://{folder.absolute()}", "schema")
        super().__init__(task_name="nas-hydra", config_loader=Loader(search_path))
        GlobalHydra.instance().initialize(self)


class Loader(ConfigLoaderImpl):
    """Hydra's loader. What it cannot compose is a ``ComposeError``."""

    def __init__(self, search_path: ConfigSearchPath) -> None:
        repository = Repository(search_path)  # says what is wrong, if something is
        super().__init__(search_path)
        self.repository = repository

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
    ) -> DictConfig:
        """The config of a command, or of one job of a sweep."""
        with hydra_told(self.repository):
            check_overrides(overrides, self.repository)
            config = super().load_configuration(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides
            )
            add_total(config)
            _check_hydra(config, run_mode)
            sweeper = config.hydra.sweeper
            if run_mode == RunMode.MULTIRUN and sweeper and sweeper._target_ == BASIC:
                params = [f"{key}={value}" for key, value in (sweeper.params or {}).items()]
                check_sweep([*params, *_task_words(config)])
        return config

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        try:
            return super()._compose_config_from_defaults_list(defaults, repo)
        except ConfigCompositionException as error:
            key, problem = self._clash(defaults, repo)
            if not problem:
                raise
            raise ComposeError(key, problem) from error

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        loaded = super()._load_single_config(default, repo)
        if is_nested(default.config_path, default.package):
            assert default.package is not None  # or it would not be nested
            loaded.config = followed(loaded.config, default.package)
        return loaded

    def _clash(self, defaults: list[ResultDefault], repo: IConfigRepository) -> tuple[str, str]:
        """The first key that has no place among those before it, and what is wrong with it."""
        known = OmegaConf.create()
        for default in defaults:
            more = self._load_single_config(default, repo).config
            if found := clash(known, more):
                return found[0], f"{found[1]} (in '{default.config_path}')"
            known.merge_with(more)
        return "", ""

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """The config of one job of a sweep, under a name of its own."""
        config = super().load_sweep_config(master_config, sweep_overrides)
        tried = config.copy()  # Hydra makes the one that it knows read-only
        with hydra_told(self.repository), known(tried):
            name = name_of_job(tried, sweep_overrides, _task_words(master_config))
        if name is not None:
            config.name = name
        return config


class Repository(ConfigRepository):
    """All YAML files that there are; of two with the same name, the user's."""

    def initialize_sources(self, config_search_path: ConfigSearchPath) -> None:
        """Open the folders.

        Raises:
            ComposeError: if one of the user's is not there.
        """
        super().initialize_sources(config_search_path)
        self.sources.sort(key=lambda source: LAST.get(source.provider, 0))
        self._defaults: dict[str, list[str]] = {}
        for source in filter(_is_own, self.sources):
            if not source.available():
                key = "--config-dir" if source.provider == COMMAND else "hydra.searchpath"
                raise ComposeError(
                    key, f"there is no folder of configs at {source.path or 'pkg://'}"
                )

    def load_config(self, config_path: str) -> ConfigResult | None:
        """One file; a user's own is checked.

        Raises:
            ComposeError: with the file's name and line.
        """
        loaded = self._loaded(config_path)
        if loaded is not None and config_path.startswith(METRICS):
            OmegaConf.set_struct(loaded.config, False)
        if loaded is not None and config_path.startswith(TASKS):
            _open_empty(loaded.config)
        return loaded

    def _loaded(self, config_path: str) -> ConfigResult | None:
        source = self._find_object_source(config_path, ObjectType.CONFIG)
        if source is None or not _is_own(source) or source.scheme() not in ("file", "pkg"):
            return super().load_config(config_path)
        file = _file(source, config_path)
        with reading(file, _name(file)):
            loaded = super().load_config(config_path)
            self._check_defaults(config_path, loaded)
        return loaded

    def _find_object_source(
        self, config_path: str, object_type: ObjectType | None
    ) -> ConfigSource | None:
        if config_path == PRIMARY:
            main = next((one for one in self.sources if one.provider == "main"), None)
            if main is not None and main.is_config(PRIMARY):
                return main
        return super()._find_object_source(config_path, object_type)

    def _check_defaults(self, config_path: str, loaded: ConfigResult | None) -> None:
        """Follow the defaults lists read so far; Hydra would do so without end."""
        defaults = loaded.defaults_list if loaded else None
        group = config_path.rpartition("/")[0]
        self._defaults[config_path] = [*_included(defaults or (), group)]
        way = self._way(config_path, config_path, {config_path})
        if way:
            raise ValueError(f"the defaults list includes itself: {' -> '.join(way)}")

    def _way(self, start: str, goal: str, seen: set[str]) -> list[str]:
        """From a config to one that it includes, by the names of those between."""
        for name in self._defaults.get(start, ()):
            if name == goal:
                return [start, goal]
            if name not in seen:
                seen.add(name)
                if rest := self._way(name, goal, seen):
                    return [start, *rest]
        return []


def _included(defaults: Sequence[InputDefault], group: str) -> Iterator[str]:
    for default in copy.deepcopy(defaults):
        if default.is_self():
            continue
        default.update_parent(group, "")
        if default.is_override() or default.is_interpolation():
            continue
        if not isinstance(default, GroupDefault):
            yield default.get_config_path()
        elif default.value is not None:
            names = default.value if isinstance(default.value, list) else [default.value]
            yield from (f"{default.get_group_path()}/{name}" for name in names)


def _open_empty(config: Any) -> None:
    """Let any key be given in the mappings of a config that have none."""
    for _, part in config.items_ex(resolve=False):
        if isinstance(part, DictConfig) and part == {}:
            OmegaConf.set_struct(part, False)


def _is_own(source: ConfigSource) -> bool:
    """Whether a folder of configs is neither ours nor Hydra's."""
    return source.provider not in LAST


def _file(source: ConfigSource, config_path: str) -> Traversable:
    name = ConfigSource._normalize_file_name(config_path)
    return Path(source.path, name) if source.scheme() == "file" else files(source.path) / name


def _name(file: Traversable) -> str:
    """How a file is told: from the working folder if it lies within."""
    within = isinstance(file, Path) and file.absolute().is_relative_to(Path.cwd())
    return os.path.relpath(str(file)) if within else str(file)


def _task_words(config: DictConfig) -> list[str]:
    """The overrides of a composed config, as they were typed: their references are not theirs."""
    words: Any = OmegaConf.to_container(config.hydra.overrides.task, resolve=False)
    return [*words]


@contextmanager
def known(config: DictConfig) -> Iterator[None]:
    """What ``${hydra:...}`` means, for a while."""
    state = HydraConfig.instance()
    earlier = state.cfg
    state.set_config(config)
    try:
        yield
    finally:
        state.cfg = earlier


def _check_hydra(config: DictConfig, run_mode: RunMode) -> None:
    """Check what Hydra takes for granted of its own settings.

    Raises:
        ComposeError: naming the key.
    """
    key = "hydra.sweep.dir" if run_mode == RunMode.MULTIRUN else "hydra.run.dir"
    tried = config.copy()  # Hydra makes the one that it knows read-only
    with known(tried):
        folder = OmegaConf.select(tried, key)
        verbose = tried.hydra.verbose
    names = [*verbose] if isinstance(verbose, ListConfig) else [verbose]
    if not isinstance(verbose, bool) and not all(isinstance(name, str) for name in names):
        raise ComposeError(
            "hydra.verbose", f"is {verbose}; allowed: true, false, or names of loggers"
        )
    if not str(folder or "").strip():
        raise ComposeError(key, "is empty; say in which folder the files go, for example outputs/1")
