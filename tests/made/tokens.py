"""Real sentences to be gone on."""

from pathlib import Path

from made.text import TINY, sentences


def write(folder: Path) -> list[str]:
    """A text file, and the overrides that use it."""
    file = folder / "sentences.txt"
    file.write_text("\n".join(text for text, _ in sentences()), "utf-8")
    return ["dataset=text", "task=tokens", f"dataset.file={file}", *TINY]
