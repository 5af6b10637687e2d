"""A user's YAML file: what is wrong in it is told with its line, and it cannot grow without end."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from typing import Any, NoReturn

import yaml
from omegaconf.errors import OmegaConfBaseException
from yaml.composer import ComposerError
from yaml.nodes import MappingNode, Node, ScalarNode
from yaml.reader import ReaderError

from nas_hydra.compose.hydra_errors import ComposeError
from nas_hydra.errors import NasHydraError, in_words

MOST_BYTES = 500_000
MOST_VALUES = 5_000
"""In a file, each as often as aliases repeat it; a long text counts for several. Hydra and
OmegaConf take a second for some ten thousand, and copy a config many times."""
MOST_LEVELS = 50
"""Of nesting. Hydra and OmegaConf copy configs by recursion, which ends at some eighty."""
TEXT = 100
"""So many characters of a text count as one value."""
WIDTH = 90
"""How much of a line is shown."""

NO_COLON = "could not find expected ':'"
WORDS = (
    (r"found character '\\t'.*", "a tab stands here; YAML is indented with spaces"),
    (r"found duplicate key (.*)", r"the key '\1' stands twice in one mapping; leave one"),
    (r"found undefined alias '(.*)'", r"there is no anchor &\1 before the alias *\1"),
    (
        r"could not determine a constructor for the tag 'tag:yaml.org,2002:(.*)'",
        r"the tag '!!\1' is not allowed",
    ),
    (
        r"could not determine a constructor for the tag '(.*)'",
        r"the tag '\1' is not known; quote a text that begins with '!'",
    ),
    (r"but found another document", "a second document begins here; a file holds one"),
    (r"found unhashable key", "a key is a list or a mapping; it must be a text or a number"),
    (NO_COLON, "no ':' and space follow this key"),
    (r"mapping values are not allowed here", "a second ':' in one line; quote texts with ': '"),
    (r"(.*?)'?<stream end>'?", r"\1the end of the file; a bracket or quote is not closed"),
    (r"found unexpected end of stream", "a quote is not closed at the end of the file"),
    (r"special characters are not allowed", "a character that YAML does not allow"),
)
"""From PyYAML's words to plainer ones; all others are told as they are."""


class _Measured(yaml.SafeLoader):  # type: ignore[misc]
    """Composes the nodes of a file, as long as there are not too many."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._levels = 0
        self._sizes: dict[int, tuple[int, int]] = {}

    def compose_node(self, parent: Any, index: Any) -> Node:
        """One node; its parts are measured already, and so is what an alias names."""
        event = self.peek_event()
        self._levels += 1
        if self._levels > MOST_LEVELS:
            _refuse(f"nested more than {MOST_LEVELS} levels deep", event.start_mark)
        node = super().compose_node(parent, index)
        self._levels -= 1
        if not isinstance(event, yaml.AliasEvent):
            self._sizes[id(node)] = self._size(node)
        elif id(node) not in self._sizes:
            _refuse(f"the alias *{event.anchor} stands within its own anchor", event.start_mark)
        return node

    def _size(self, node: Any) -> tuple[int, int]:
        if isinstance(node, ScalarNode):
            return 1 + len(node.value) // TEXT, 1
        pairs = isinstance(node, MappingNode)
        parts = [part for pair in node.value for part in pair] if pairs else node.value
        sizes = [self._sizes[id(part)] for part in parts]
        values = 1 + sum(size for size, _ in sizes)
        levels = 1 + max((deep for _, deep in sizes), default=0)
        if values > MOST_VALUES:
            _refuse(f"more than {MOST_VALUES:,} values, aliases expanded", node.start_mark)
        if levels > MOST_LEVELS:
            _refuse(f"nested more than {MOST_LEVELS} levels deep by aliases", node.start_mark)
        return values, levels


def _refuse(problem: str, mark: yaml.Mark) -> NoReturn:
    raise ComposerError(None, None, problem, mark)


@contextmanager
def reading(file: Traversable, name: str) -> Iterator[None]:
    """Check a YAML file, then tell where it is wrong if Hydra cannot read it.

    Args:
        file: to be read.
        name: how it is told.

    Raises:
        ComposeError: with the file's name, the line and what is wrong with it.
    """
    text = _text(file, name)
    root = None
    try:
        root = _composed(text)
        yield
    except NasHydraError:
        raise
    except yaml.MarkedYAMLError as error:
        at_key = error.problem == NO_COLON  # which begins before
        mark = error.context_mark if at_key else error.problem_mark or error.context_mark
        problem = _plainer(error.problem or error.context or "not YAML")
        raise _mistake(name, problem, text, mark.line, mark.column) from error
    except ReaderError as error:
        line, column = _place(text, error.position)
        raise _mistake(name, _plainer(error.reason), text, line, column) from error
    except Exception as error:  # whatever Hydra says of it, the file is what is wrong
        mark = _mark(root, error)
        at = (mark.line, mark.column) if mark else (None, 0)
        raise _mistake(name, in_words(error), text, *at) from error


def _composed(text: str) -> Node | None:
    loader = _Measured(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _text(file: Traversable, name: str) -> str:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ComposeError("", f"{name}: cannot be read ({error.strerror or error})") from error
    if len(data) > MOST_BYTES:
        raise ComposeError("", f"{name}: has {len(data):,} bytes; at most {MOST_BYTES:,} are read")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        known = data[: error.start].decode()
        problem = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file in that encoding"
        text = data.decode(errors="replace")
        raise _mistake(name, problem, text, *_place(text, len(known))) from error


def _place(text: str, position: int) -> tuple[int, int]:
    lines = _lines(text[:position])
    return len(lines) - 1, len(lines[-1])


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|[\r\n\x85\u2028\u2029]", text)


def _plainer(problem: str) -> str:
    for pattern, words in WORDS:
        if re.fullmatch(pattern, problem):
            return re.sub(pattern, words, problem, count=1)
    return problem


def _mark(root: Any, error: Exception) -> yaml.Mark | None:
    """The place of the key that an error is about; the defaults list if it speaks of one."""
    key = getattr(error, "full_key", None) if isinstance(error, OmegaConfBaseException) else None
    names = re.findall(r"[^.\[\]]+", str(key)) if key else []
    if not names and "default" in str(error):
        names = ["defaults"]
    mark = None
    for name in names:
        pairs = root.value if isinstance(root, MappingNode) else []
        found = [(key, value) for key, value in pairs if key.value == name]
        if not found:
            break
        mark, root = found[0][0].start_mark, found[0][1]
    return mark


def _mistake(
    name: str, problem: str, text: str, line: int | None = None, column: int = 0
) -> ComposeError:
    """The error, with the line and a caret below its column, both counted from 0."""
    if line is None:
        return ComposeError("", f"{name}: {problem}")
    lines = _lines(text)
    if line >= len(lines) - 1 and not lines[-1].strip():  # at the end: the last line with words
        line = max((at for at, words in enumerate(lines) if words.strip()), default=0)
        column = len(lines[line])
    shown = "".join(map(_visible, lines[line]))
    start = max(0, column - WIDTH // 2)
    before, after = "..." if start else "", "..." if len(shown) > start + WIDTH else ""
    return ComposeError(
        "",
        f"{name}, line {line + 1}, column {column + 1}: {problem}\n"
        f"  {before}{shown[start : start + WIDTH]}{after}\n"
        f"  {' ' * (len(before) + column - start)}^",
    )


def _visible(sign: str) -> str:
    return "→" if sign == "\t" else sign if sign.isprintable() else "�"
