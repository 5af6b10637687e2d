"""An explanation on disk: ``explanation.json`` and ``explanation.html``."""

import json
from dataclasses import asdict
from pathlib import Path

from nas_hydra.errors import ConfigError
from nas_hydra.explain.html import html
from nas_hydra.explain.result import Explanation
from nas_hydra.run import EXPLANATION
from nas_hydra.small_file import replace


def write(found: Explanation, folder: Path) -> list[Path]:
    """Write both, each in one step, over those of an earlier explanation.

    Raises:
        ConfigError: if the folder cannot be written.
    """
    texts = {
        EXPLANATION: json.dumps(asdict(found), indent=1, allow_nan=False) + "\n",
        "explanation.html": html(found),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace(folder / name, text)
    except OSError as error:
        raise ConfigError(
            "output", f"cannot write into {folder} ({error.strerror}); choose another folder"
        ) from error
    return [folder / name for name in texts]
