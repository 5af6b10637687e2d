"""Series that are made here: a slow, a middling and a fast wave, each of a class."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

WAVES = {"slow": 1.0, "middling": 2.0, "fast": 4.0}


def wave(name: str, steps: int, channels: int, seed: int) -> np.ndarray:
    """(channels, steps): a wave of the class with a phase and noise of its own."""
    rng = np.random.default_rng(seed)
    times = np.linspace(0, 2 * np.pi, steps) + rng.uniform(0, np.pi)
    shifts = np.arange(channels)[:, None]
    return np.sin(WAVES[name] * times + shifts) + rng.normal(0, 0.1, (channels, steps))


def ts_lines(number: int, channels: int, ragged: bool) -> list[str]:
    """The lines of a ``.ts`` file with so many series of each class."""
    lines = [
        *("# made by a test", "@problemName Waves", "@timeStamps false", "@missing false"),
        f"@univariate {str(channels == 1).lower()}",
        f"@equalLength {str(not ragged).lower()}",
        *(f"@classLabel true {' '.join(WAVES)}", "@data"),
    ]
    for place in range(number * len(WAVES)):
        name = [*WAVES][place % len(WAVES)]
        values = wave(name, 24 - (place % 9 if ragged else 0), channels, place)
        cells = (",".join(f"{value:.4f}" for value in channel) for channel in values)
        lines.append(":".join([*cells, name]))
    return lines


def write(folder: Path, channels: int = 1, ragged: bool = False, number: int = 20) -> list[str]:
    """A file of series in a folder, and what a command is told to take it."""
    file = folder / "waves.ts"
    file.write_text("\n".join(ts_lines(number, channels, ragged)) + "\n")
    return ["dataset=series", f"dataset.file={file}"]


def archive_file(name: str, part: str = "TRAIN") -> Path:
    """A file of the UCR archive, of those that aeon brings along; skips the test without it."""
    found = importlib.util.find_spec("aeon")
    if found is None or not found.submodule_search_locations:
        pytest.skip("aeon is not installed, which brings files of the archive: pip install aeon")
    folder = Path(found.submodule_search_locations[0], "datasets", "data", name)
    return folder / f"{name}_{part}.ts"
