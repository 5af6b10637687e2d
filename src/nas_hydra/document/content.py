"""What a document is made of. Texts are plain: whatever shows them also escapes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from nas_hydra.document.text import number, share

HEIGHT = 380
"""Of a plot, in pixels."""


@dataclass(frozen=True)
class Link:
    """A text that leads somewhere."""

    address: str
    text: str


@dataclass(frozen=True)
class Mono:
    """Code within a line: a name, a command."""

    text: str


Words = str | Link | Mono | Sequence["Words"]
"""A text, or several, one after the other."""


@dataclass(frozen=True)
class Sorted:
    """A cell that is sorted by a number and shows something else."""

    value: float
    shown: Words


@dataclass(frozen=True)
class Bar:
    """A cell with the length of a bar.

    Args:
        value: 0 to 1.
        shown: beside the bar; the share if nothing else is given.
    """

    value: float
    shown: str = ""

    @property
    def text(self) -> str:
        """What stands beside it."""
        return self.shown or share(self.value)


Cell = Words | float | None | Sorted | Bar
"""Of a table; a number is shown as ``number`` does, and None as an empty cell."""


@dataclass(frozen=True)
class Heading:
    """Within a section."""

    text: Words


@dataclass(frozen=True)
class Paragraph:
    """Sentences that belong together."""

    text: Words


@dataclass(frozen=True)
class Note:
    """A paragraph of less weight: what to mind when reading."""

    text: Words


@dataclass(frozen=True)
class Bullets:
    """A list.

    Args:
        items: a text for each.
        kind: ``sentences`` stand out.
    """

    items: Sequence[Words]
    kind: str = ""


@dataclass(frozen=True)
class Code:
    """A command or a config, as it is typed, and the name of its language if it has one."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Facts:
    """A few numbers to see first, each with its name."""

    named: Mapping[str, Words]


@dataclass(frozen=True)
class Table:
    """A table.

    Args:
        columns: the headings.
        rows: a cell for each column.
        caption: what it shows.
        folded: the summary under which it is folded away; empty if it is not.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    folded: str = ""


@dataclass(frozen=True)
class Plot:
    """A plot.

    Args:
        traces: series as ``document.plot`` makes them; no point where a value is not finite.
        description: what it shows, for those who do not see it.
        x: title of the axis.
        y: title of the axis.
        height: in pixels.
        layout: more of Plotly's; keys of an axis are added to it.
    """

    traces: Sequence[Mapping[str, Any]]
    description: str
    x: str
    y: str
    height: int = HEIGHT
    layout: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A drawing, with a ground of its own.

    Args:
        svg: the drawing.
        description: for those who do not see it.
        file: that holds it beside the document, for Markdown, which can only lead there.
    """

    svg: str
    description: str
    file: str = ""


@dataclass(frozen=True)
class Switch:
    """One of several at a time, the first one to begin with.

    Args:
        options: the name of each -> what is shown.
        question: what is chosen.
    """

    options: Mapping[str, Union["Element", Sequence["Element"]]]
    question: str


@dataclass(frozen=True)
class Folded:
    """What is shown when it is asked for."""

    summary: str
    content: Union["Element", Sequence["Element"]]


Element = (
    Heading | Paragraph | Note | Bullets | Code | Facts | Table | Plot | Picture | Switch | Folded
)
"""A part of a section."""


@dataclass(frozen=True)
class Section:
    """A part of a document; without content it is not shown."""

    title: str
    content: Sequence[Element]


@dataclass(frozen=True)
class Document:
    """The whole.

    Args:
        title: also of a page's window.
        subtitle: a line below it.
        sections: its parts.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]

    @property
    def shown(self) -> list[Section]:
        """The sections with content, and of that what is not empty."""
        kept = (
            Section(one.title, [part for part in one.content if not blank(part)])
            for one in self.sections
        )
        return [section for section in kept if section.content]


def elements(content: Element | Sequence[Element]) -> Sequence[Element]:
    """One element or several, as several."""
    return content if isinstance(content, Sequence) else [content]


def blank(element: Element) -> bool:
    """Whether there is nothing to show: a list without items, a table without rows."""
    match element:
        case Bullets(items=parts) | Table(rows=parts) | Facts(named=parts):
            return not parts
        case Switch(options):
            return all(blank(part) for option in options.values() for part in elements(option))
        case Folded(content=content):
            return all(map(blank, elements(content)))
    return False


def plain(words: Words) -> str:
    """A text without its links and code."""
    match words:
        case str():
            return words
        case Link(text=text) | Mono(text):
            return text
    return "".join(map(plain, words))


def told(cell: Cell) -> Words:
    """What a cell shows."""
    match cell:
        case None:
            return ""
        case Sorted(shown=shown):
            return shown
        case Bar():
            return cell.text
        case int() | float():
            return number(cell)
    return cell


def numeric(column: Sequence[Cell]) -> bool:
    """Whether a column holds numbers, which stand at the right."""
    first = next((cell for cell in column if cell is not None), None)
    return isinstance(first, int | float | Sorted)
