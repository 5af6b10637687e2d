"""The code that an evaluation runs: digests of source files, versions of libraries."""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib import metadata
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import Any, NamedTuple

LIBRARIES = ("torch", "torchvision", "pytorch-lightning", "torchmetrics", "scikit-learn", "numpy")
OURS = tuple(
    f"nas_hydra.{name}"
    for name in ("evaluator", "task", "dataset", "model", "cell", "scheduler", "config.total_steps")
)
"""Those of our packages and modules that take part in training."""
INSTALLED = {"site-packages", "dist-packages"}
NEUTRAL = {
    f"nas_hydra.evaluator.{module}"
    for module in ("code", "footprint", "latency", "meta_network", "store")
}
"""Modules of these that change no number."""


def targets_in(config: Any) -> Iterator[str]:
    """Every ``_target_`` in a plain config."""
    if isinstance(config, Mapping):
        if isinstance(config.get("_target_"), str):
            yield config["_target_"]
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from targets_in(part)


def code_digests(named: Iterable[str]) -> dict[str, str]:
    """Digests of the source files that take part, by module, and versions of libraries.

    Args:
        named: dotted names of modules, classes or functions.
    """
    named = set(named)
    found = source_digests(named)
    others = {name.partition(".")[0] for name in named} - {*found, "nas_hydra"}
    versions = {name: str(getattr(sys.modules.get(name), "__version__", "")) for name in others}
    return dict(sorted((found | _library_versions() | versions).items()))


def source_digests(named: Iterable[str]) -> dict[str, str]:
    """Digests of the source files of named components and of all that they import, by module.

    As far as they are ours or the user's own; what is installed is known by its version. Each is
    read once in a process, which goes on with the code that it has imported.

    Args:
        named: dotted names of modules, classes or functions.
    """
    found: dict[str, str] = {}
    waiting = {part for name in named for part in _prefixes(name)}
    while waiting:
        module = waiting.pop()
        source = None if module in NEUTRAL else source_of(module)
        if source is not None:
            found[module] = source.digest
            waiting |= source.imports - found.keys()
    return found


class SourceFile(NamedTuple):
    """A source file: its digest, and the dotted names of all that it may import."""

    digest: str
    imports: frozenset[str]


@cache
def source_of(module: str) -> SourceFile | None:
    """The source of a module, if that is ours or the user's own."""
    file = source_file(module)
    if file is None:
        return None
    content = file.read_bytes()
    names = _imported(module, file.name == "__init__.py", content)
    imports = {part for name in names for part in _prefixes(name) if source_file(part)}
    return SourceFile(sha256(content).hexdigest()[:16], frozenset(imports))


@cache
def _library_versions() -> dict[str, str]:
    """Versions of what trains and splits the data."""
    return {library: metadata.version(library) for library in LIBRARIES}


def _prefixes(name: str) -> list[str]:
    """``a``, ``a.b`` and ``a.b.C`` of ``a.b.C``: importing the last one runs them all."""
    parts = name.split(".")
    return [".".join(parts[: number + 1]) for number in range(len(parts))]


def source_file(module: str) -> Path | None:
    """The file of a module that is ours and takes part, or the user's own; None for all others."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or (top == "nas_hydra" and not module.startswith(OURS)):
        return None
    if top != "nas_hydra" and _is_installed(top):
        return None
    spec = _spec(module)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    return Path(spec.origin)


def _is_installed(top: str) -> bool:
    """Whether a package came as a distribution, whose version tells what is in it."""
    spec = _spec(top)
    places = [] if spec is None else [spec.origin or "", *(spec.submodule_search_locations or ())]
    homes = [Path(place) for place in places if Path(place).is_absolute()]
    return not homes or any(not INSTALLED.isdisjoint(home.parts) for home in homes)


def _spec(module: str) -> ModuleSpec | None:
    try:
        return find_spec(module)
    except (ImportError, ValueError, AttributeError):  # a class, or a script without a spec
        return None


def _imported(module: str, is_package: bool, source: bytes) -> Iterator[str]:
    """Dotted names of all that a module's source imports, also inside functions."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = resolve_name(relative, package) if node.level else relative
            yield from (f"{base}.{alias.name}" for alias in node.names)
