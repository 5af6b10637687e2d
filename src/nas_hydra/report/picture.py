"""Pictures of spaces and candidates as files."""

from collections.abc import Sequence
from pathlib import Path

from nas_hydra.report.drawing.png import png
from nas_hydra.report.drawing.scene import Drawing
from nas_hydra.report.drawing.svg import svg
from nas_hydra.small_file import make_way, replace

FORMATS = ("svg", "png")


def save(drawing: Drawing, folder: Path, name: str, formats: Sequence[str] = FORMATS) -> None:
    """Write a picture as ``name.svg``, ``name.png``."""
    if "svg" in formats:
        replace(folder / f"{name}.svg", svg(drawing))
    if "png" in formats:
        make_way(folder / f"{name}.png")
        (folder / f"{name}.png").write_bytes(png(drawing))
