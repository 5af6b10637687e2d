"""A document as plain lines."""

from nas_hydra.document import Bar, Bullets, Document, Link, Plot, Section, Table
from nas_hydra.document.terminal import lines


def test_columns_stand_under_each_other_and_plots_are_left_out():
    rows = [["a\x1b[31m", 1200, Bar(0.5)], ["long name", None, Bar(1.0)]]
    parts = [
        Plot([], "p", "x", "y"),
        Table(["name", "n", "s"], rows),
        Bullets([["see ", Link("u", "it")]]),
    ]
    assert lines(Document("title", "", [Section("one", parts), Section("no", [])])) == [
        *("title", "", "one"),
        "  name           n  s",
        r"  a\x1b[31m  1,200  50 %",
        "  long name         100 %",
        "  - see it",
    ]
