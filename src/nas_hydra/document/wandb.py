"""A document as blocks of a W&B report; needs wandb-workspaces, which is optional.

W&B's own panels take the place of plots: whoever publishes puts them between the blocks.
"""

from typing import Any

import wandb_workspaces.reports.v2 as wr

from nas_hydra.document.content import Document, Section
from nas_hydra.document.markdown import content


def blocks(document: Document) -> list[Any]:
    """The document without its title, which the report has already."""
    about = [wr.P(text=document.subtitle)] if document.subtitle else []
    return [*about, *(block for section in document.shown for block in section_blocks(section))]


def section_blocks(section: Section) -> list[Any]:
    """One section: its heading and its text."""
    text = content(section.content)
    return [wr.H2(text=section.title), *([wr.MarkdownBlock(text=text)] if text else [])]
