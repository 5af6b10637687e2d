"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table; a bar within a cell stays within it."""
    return "\n".join(map(_line, [columns, ["---"] * len(columns), *rows]))


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"
