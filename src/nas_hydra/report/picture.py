"""Pictures of spaces and candidates as files."""

from collections.abc import Sequence
from pathlib import Path

from nas_hydra.report.drawing.png import png
from nas_hydra.report.drawing.scene import Drawing
from nas_hydra.report.drawing.svg import svg

FORMATS = ("svg", "png")


def save(drawing: Drawing, folder: Path, name: str, formats: Sequence[str] = FORMATS) -> None:
    """Write a picture as ``name.svg``, ``name.png``."""
    if "svg" in formats:
        (folder / f"{name}.svg").write_text(svg(drawing), encoding="utf-8")
    if "png" in formats:
        (folder / f"{name}.png").write_bytes(png(drawing))
