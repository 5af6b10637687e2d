"""What a page is made of; what a browser makes of it is in ``test_browser``."""

import json
import math
import re
from base64 import b64decode, b64encode
from gzip import decompress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from nas_hydra.page import (
    Section,
    Sorted,
    bar,
    bullets,
    code,
    duration,
    facts,
    folded,
    heading,
    image,
    link,
    note,
    number,
    page,
    paragraph,
    plot,
    share,
    switch,
    table,
)

EVIL = '<script>alert("&")</script>'
TEXTS = [
    lambda text: paragraph(text),
    lambda text: note(text),
    lambda text: heading(text),
    lambda text: code(text),
    lambda text: bullets([text]),
    lambda text: facts({text: text}),
    lambda text: folded(text, paragraph(text)),
    lambda text: image("<svg/>", text),
    lambda text: link(text, text),
    lambda text: switch({text: paragraph(text), "b": note(text)}, text),
    lambda text: table([text], [[text], [Sorted(1, text)]], caption=text),
    lambda text: plot([{"name": text, "text": [text]}], text, text, text),
    lambda text: page(text, text, [Section(text, [paragraph(text)])]),
]


def figure(element: Markup) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', element)[1])


@pytest.mark.parametrize("element", TEXTS)
def test_every_text_is_escaped(element):
    assert "<script>alert" not in element(EVIL)
    assert 'alert("&")' not in element(EVIL)


@given(st.text(), st.floats() | st.integers() | st.none())
def test_a_plot_keeps_what_it_was_given(text, value):
    shown = figure(plot([{"name": text, "y": [value]}], "", "", ""))["data"][0]
    assert shown["name"] == text
    finite = value is not None and math.isfinite(value)
    assert shown["y"] == [pytest.approx(value, rel=1e-5) if finite else None]


def test_a_page_is_one_file_below_six_megabytes():
    text = page("a title", "a line", [Section("one", [plot([], "empty", "x", "y")])])
    assert not re.findall(r'(?:src|href)="(?!#|data:)', text)
    assert not re.findall(r"@import|url\(", text[: text.index("<body>")])
    assert len(text.encode()) < 3e6


def test_only_the_pages_own_scripts_may_run():
    text = page("a title", "a line", [])
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
    text = page("a title", "a line", [Section("full", [paragraph("x")]), Section("empty", [])])
    assert re.findall("<h2>(.*?)</h2>", text) == ["full"]
    assert re.findall("<nav.*?>(.*?)</nav>", text) == ['<a href="#s0">full</a>']


def test_cells_are_sorted_by_their_whole_value():
    shown = table(["a", "b", "c"], [[1 / 3, Sorted(-2, "two"), bar(0.5)], [None, "text", 7]])
    assert re.findall('data-value="([^"]*)"', shown) == ["0.3333333333333333", "-2.0", "0.5", "7.0"]
    assert re.findall(r'<th scope="col" class="(\w*)"', shown) == ["number", "number", "share"]
    assert "<td></td>" in shown


def test_one_option_needs_no_buttons():
    assert switch({"only": paragraph("x")}, "which") == paragraph("x")
    both = switch({"one": paragraph("x"), "other": paragraph("y")}, "which")
    assert re.findall('aria-pressed="(.*?)">(.*?)<', both) == [("true", "one"), ("false", "other")]
    assert both.count("hidden") == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.971312, "0.9713"), (38310.0, "38,310"), (3, "3"), (1234567, "1,234,567"), (2e12, "2e+12")],
)
def test_numbers(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, "0 %"), (0.001, "<1 %"), (0.124, "12 %"), (1.0, "100 %")]
)
def test_shares(value, shown):
    assert share(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        *((0, "0 s"), (0.0421, "0.042 s"), (59.9, "59 s"), (60, "1 min 00 s")),
        *((3599.9, "59 min 59 s"), (7384, "2 h 03 min"), (1e6, "277 h 46 min")),
    ],
)
def test_durations(value, shown):
    assert duration(value) == shown
