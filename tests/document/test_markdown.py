"""Texts of somebody's in Markdown: readers see them as they are, and nothing in them is markup."""

import re

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nas_hydra.document import (
    Bullets,
    Code,
    Document,
    Folded,
    Link,
    Mono,
    Note,
    Paragraph,
    Section,
    Switch,
    Table,
)
from nas_hydra.document.markdown import code, content, escaped, markdown

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
MARKS = st.sampled_from([*"<>&*_`~[]()!|\\#+-: \na", "javascript:", "&lt;", "&#60;", "](x)", "1."])
TEXTS = st.lists(MARKS).map("".join).filter(lambda text: text.strip() == text)
EVIL = "<script>window.evil = 1</script>"


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
    given = html(content(Table(["a|b", "c"], [cells])))
    found = re.findall(r"<td>(.*?)</td>", given)
    assert found == list(map(shown, cells))
    assert "<th>a|b</th>" in given


@given(TEXTS)
def test_code_is_read_as_it_is(text):
    if text:
        assert html(f"By {code(text)}.") == f"<p>By <code>{shown(text)}</code>.</p>\n"


@given(st.text(st.sampled_from("`~a \n<")))
def test_a_block_of_code_ends_where_it_ends(text):
    read = html(f"{content(Code(text))}\n\nafter")
    assert read.count("<pre>") == 1
    assert read.endswith("</pre>\n<p>after</p>\n")


def test_a_folded_part_is_read_as_markdown_and_its_summary_as_text():
    read = html(content(Folded(EVIL, Table(["a"], [[Mono("b")]]))))
    assert "<script>" not in read
    assert "<td><code>b</code></td>" in read


def test_a_whole_document():
    document = Document(
        "a *title*",
        "a line",
        [
            Section("one", [Paragraph(["see ", Link("https://a.b/c d>", "this")]), Note("mind")]),
            Section("empty", [Bullets([])]),
            Section("two", [Switch({"x": Bullets(["i"]), "y": Bullets([])}, "which")]),
        ],
    )
    assert markdown(document, 2).splitlines() == [
        *("## a \\*title\\*", "", "a line", "", "### one", ""),
        *("see [this](<https://a.b/cd>)", "", "mind", "", "### two", "", "**x**", "", "- i"),
    ]
