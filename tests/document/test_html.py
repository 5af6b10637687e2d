"""A document as a page; what a browser makes of it is in ``test_browser``."""

import json
import math
import re
from base64 import b64decode, b64encode
from gzip import decompress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.document import (
    Bar,
    Bullets,
    Code,
    Document,
    Facts,
    Folded,
    Heading,
    Link,
    Mono,
    Note,
    Paragraph,
    Picture,
    Plot,
    Section,
    Sorted,
    Switch,
    Table,
)
from nas_hydra.document.html import element, html

EVIL = '<script>alert("&")</script>'
PARTS = [
    lambda text: Paragraph(text),
    lambda text: Paragraph([text, Mono(text), Link(text, text)]),
    lambda text: Note(text),
    lambda text: Heading(text),
    lambda text: Code(text),
    lambda text: Bullets([text]),
    lambda text: Facts({text: text}),
    lambda text: Folded(text, Paragraph(text)),
    lambda text: Picture("<svg/>", text),
    lambda text: Switch({text: Paragraph(text), "b": Note(text)}, text),
    lambda text: Table([text], [[text], [Sorted(1, text)], [Bar(1, text)]], text, folded=text),
    lambda text: Plot([{"name": text, "text": [text]}], text, text, text),
]


def page(*sections: Section, title: str = "a title") -> str:
    return html(Document(title, title, sections))


def figure(plot: Plot) -> dict:
    shown = element(plot)
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', shown)[1])


@pytest.mark.parametrize("part", PARTS)
def test_every_text_is_escaped(part):
    shown = page(Section(EVIL, [part(EVIL)]), title=EVIL)
    assert "<script>alert" not in shown
    assert 'alert("&")' not in shown


@given(st.text(), st.floats() | st.integers() | st.none())
def test_a_plot_keeps_what_it_was_given(text, value):
    shown = figure(Plot([{"name": text, "y": [value]}], "", "", ""))["data"][0]
    assert shown["name"] == text
    finite = value is not None and math.isfinite(value)
    assert shown["y"] == [pytest.approx(value, rel=1e-5) if finite else None]


def test_a_page_is_one_file_below_six_megabytes():
    text = page(Section("one", [Plot([], "empty", "x", "y")]))
    assert not re.findall(r'(?:src|href)="(?!#|data:)', text)
    assert not re.findall(r"@import|url\(", text[: text.index("<body>")])
    assert len(text.encode()) < 3e6


def test_only_the_pages_own_scripts_may_run():
    text = page()
    policy = re.search(r'Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")
    allowed = re.findall(r"'sha256-([^']*)'", policy)
    library = decompress(b64decode(re.search(r'id="plotly">([^<]*)<', text)[1]))
    scripts = [
        library,
        *(one.encode() for one in re.findall(r"<script>(.*?)</script>", text, re.S)),
    ]
    assert allowed == [b64encode(sha256(script).digest()).decode() for script in scripts]
    assert "default-src 'none'" in policy
    assert "unsafe" not in re.search("script-src([^;]*)", policy)[1]


def test_sections_without_content_are_left_out():
    text = page(Section("full", [Paragraph("x")]), Section("empty", [Table(["a"], [])]))
    assert re.findall("<h2>(.*?)</h2>", text) == ["full"]
    assert re.findall("<nav.*?>(.*?)</nav>", text) == ['<a href="#s0">full</a>']


def test_cells_are_sorted_by_their_whole_value():
    shown = element(
        Table(["a", "b", "c"], [[1 / 3, Sorted(-2, "two"), Bar(0.5)], [None, "text", 7]])
    )
    assert re.findall('data-value="([^"]*)"', shown) == ["0.3333333333333333", "-2.0", "0.5", "7.0"]
    assert re.findall(r'<th scope="col" class="(\w*)"', shown) == ["number", "number", "share"]
    assert "<td></td>" in shown


def test_one_row_of_short_cells_is_a_few_facts():
    shown = element(Table(["a", "b"], [["x", 1]]))
    assert re.findall("<d[td]>(.*?)<", shown) == ["a", "x", "b", "1"]
    assert "<table>" in element(Table(["a"], [["x" * 99]]))


def test_one_option_needs_no_buttons():
    assert element(Switch({"only": Paragraph("x")}, "which")) == element(Paragraph("x"))
    both = element(Switch({"one": Paragraph("x"), "other": Paragraph("y")}, "which"))
    assert re.findall('aria-pressed="(.*?)">(.*?)<', both) == [("true", "one"), ("false", "other")]
    assert both.count("hidden") == 1
