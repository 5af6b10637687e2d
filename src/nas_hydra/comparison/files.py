"""A comparison on disk: ``comparison.json``, ``comparison.md`` and ``comparison.html``."""

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from nas_hydra.comparison.markdown import markdown
from nas_hydra.comparison.result import Comparison, Interval
from nas_hydra.errors import ConfigError
from nas_hydra.small_file import replace


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Write all three, each in one step, over those of an earlier comparison.

    Raises:
        ConfigError: if the folder cannot be written.
    """
    from nas_hydra.comparison.html import html  # which loads plotly

    texts = {
        "comparison.json": json.dumps(plain(comparison), indent=1) + "\n",
        "comparison.md": markdown(comparison),
        "comparison.html": html(comparison, folder),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace(folder / name, text)
    except OSError as error:
        raise ConfigError(
            "--output", f"cannot write into {folder} ({error.strerror}); choose another folder"
        ) from error
    return [folder / name for name in texts]


def plain(value: Any) -> Any:
    """Dataclasses as mappings, field by field; an interval is one too."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Interval):
        return value._asdict()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value
