"""A document as blocks of a W&B report; needs wandb-workspaces, which is optional.

W&B's own panels take the place of plots: whoever publishes puts them between the blocks.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import wandb_workspaces.reports.v2 as wr

from nas_hydra.document.content import (
    Document,
    Element,
    Folded,
    Paragraph,
    Section,
    Switch,
    Table,
    elements,
)
from nas_hydra.document.markdown import content


def blocks(document: Document) -> list[Any]:
    """The document without its title, which the report has already."""
    about = [wr.P(text=document.subtitle)] if document.subtitle else []
    return [*about, *(block for section in document.shown for block in section_blocks(section))]


def section_blocks(section: Section) -> list[Any]:
    """One section: its heading and its text."""
    text = content([shown for part in section.content for shown in _unfolded(part)])
    return [wr.H2(text=section.title), *([wr.MarkdownBlock(text=text)] if text else [])]


def _unfolded(part: Element) -> Iterator[Element]:
    """An element in the open, since W&B's Markdown does not reliably unfold what is folded."""
    match part:
        case Folded(summary, inside):
            yield Paragraph(f"{summary}:")
            for one in elements(inside):
                yield from _unfolded(one)
        case Table(folded=summary) if summary and part.rows:
            yield Paragraph(f"{summary}:")
            yield replace(part, folded="")
        case Switch(options):
            shown = {
                name: [one for inner in elements(option) for one in _unfolded(inner)]
                for name, option in options.items()
            }
            yield replace(part, options=shown)
        case _:
            yield part
