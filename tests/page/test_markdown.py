"""Texts of somebody's in Markdown: readers see them as they are, and nothing in them is markup."""

import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nas_hydra.page.markdown import code, escaped, table

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
MARKS = st.sampled_from([*"<>&*_`~[]()!|\\#+-: \na", "javascript:", "&lt;", "&#60;", "](x)", "1."])
TEXTS = st.lists(MARKS).map("".join).filter(lambda text: text.strip() == text)


def html(markdown: str) -> str:
    return GITHUB.render(markdown)


def shown(text: str) -> str:
    """As HTML shows a text; a line break within is written as two signs."""
    escapes = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    return re.sub('[&<>"]', lambda sign: escapes[sign[0]], text.replace("\n", r"\n"))


@given(TEXTS)
@example("<img src=x onerror=alert(1)>")
@example("[a](javascript:alert)")
@example("![a][b]")
def test_a_text_is_read_as_it_is(text):
    assert html(f"Of {escaped(text)} 1") == f"<p>Of {shown(text)} 1</p>\n"


@given(TEXTS)
@example("- a")
@example("> a")
@example("# a")
def test_a_text_by_itself_is_a_paragraph(text):
    tags = re.findall("<[^>]*>", html(escaped(text)))
    assert {tag.strip("</>").split(" ")[0] for tag in tags} <= {"p", "ol", "ul", "li"}


@given(st.lists(TEXTS, min_size=2, max_size=2))
def test_a_cell_stays_within_its_cell(cells):
    given = html(table(["a|b", "c"], [cells]))
    found = re.findall(r"<td>(.*?)</td>", given)
    assert found == list(map(shown, cells))
    assert "<th>a|b</th>" in given


@given(TEXTS)
def test_code_is_read_as_it_is(text):
    if text:
        assert html(f"By {code(text)}.") == f"<p>By <code>{shown(text)}</code>.</p>\n"
