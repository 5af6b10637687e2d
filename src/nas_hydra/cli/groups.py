"""The config groups and their options, read from the YAML files themselves."""

from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

ROOTS: tuple[Traversable, ...] = (files("nas_hydra.conf"),)


def groups(more: Sequence[Path] = ()) -> dict[str, dict[str, str]]:
    """Group -> option -> the first comment line of its file.

    Args:
        more: further config folders, as given by ``--config-dir``.
    """
    found: dict[str, dict[str, str]] = {}
    for root in (*ROOTS, *more):
        _collect(root, "", found)
    found.pop("", None)
    return {group: dict(sorted(options.items())) for group, options in sorted(found.items())}


def _collect(folder: Traversable, group: str, found: dict[str, dict[str, str]]) -> None:
    for entry in folder.iterdir():
        below = f"{group}/{entry.name}".lstrip("/")
        if entry.is_dir() and not entry.name.startswith(("_", ".")) and below != "hydra":
            _collect(entry, below, found)
        elif entry.name.endswith(".yaml"):
            option = entry.name.removesuffix(".yaml")
            found.setdefault(group, {})[option] = purpose(entry)


def purpose(file: Traversable) -> str:
    """What a config file is for: its first comment line."""
    first = file.read_bytes().decode(errors="replace").splitlines()[:1]
    return first[0].removeprefix("#").strip() if first and first[0].startswith("#") else ""
