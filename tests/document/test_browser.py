"""Pages in a real browser: nothing is fetched, everything is drawn, and the controls work."""

import pytest

from nas_hydra.document import Document, Paragraph, Plot, Section, Switch, Table
from nas_hydra.document.html import html
from nas_hydra.document.plot import color, dash, line

EVIL = "<script>window.evil = 1</script><img src=x onerror='window.evil = 1'>"
WIDTHS, SCHEMES = (1280, 390), ("light", "dark")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    lines = [
        line([1, 2], [0.1, value], name, place, dash=dash(place))
        for place, (name, value) in enumerate({EVIL: 0.5, "other": 0.9}.items())
    ]
    points = {
        "name": "points",
        "x": [1, 2],
        "y": [0.5, 1],
        "mode": "markers",
        "marker": {"color": color(2, 0.5)},
    }
    rows = [["b" * 60, 10, EVIL], ["a", 9.5, "x"], ["c", None, "y"], ["d", -1e-3, ""]]
    sections = [
        Section(
            "plots",
            [
                Switch(
                    {
                        "one": Plot(lines, "lines", "x", EVIL),
                        "two": Plot([points], "points", "x", "y"),
                    },
                    "which",
                )
            ],
        ),
        Section(EVIL, [Table(["name", "number", EVIL], rows), Paragraph(EVIL)]),
    ]
    made = tmp_path_factory.mktemp("page") / "page.html"
    made.write_text(html(Document(EVIL, "a line", sections)))
    return made


def column(browser, place: int) -> list[str]:
    cells = "return [...document.querySelectorAll('tbody tr')].map(row => row.cells[arguments[0]]"
    return browser.run(f"{cells}.textContent)", place)


def click(browser, selector: str, text: str) -> None:
    browser.run(
        "[...document.querySelectorAll(arguments[0])]"
        ".find(one => one.textContent === arguments[1]).click()",
        *(selector, text),
    )


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_drawn_without_a_request_or_a_complaint(browser, file, width, scheme):
    browser.open(file, width, scheme)
    assert browser.complaints == []
    assert browser.requests == [file.as_uri()]
    assert browser.run("return document.querySelectorAll('.drawing path.js-line').length") == 2
    page, window = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert (page, window) == (width, width)


def test_what_was_smuggled_in_is_shown_as_text(browser, file):
    browser.open(file)
    assert browser.run("return window.evil") is None
    shown = browser.run("return document.body.innerText")
    assert shown.count(EVIL) == 8  # wherever it was put
    assert column(browser, 2)[0] == EVIL
    assert EVIL in browser.run("return document.querySelector('.legend').textContent")
    axis = browser.run("return document.querySelector('.drawing .ytitle').textContent")
    assert axis == EVIL


def test_a_click_on_a_heading_sorts(browser, file):
    browser.open(file)
    for down, order in enumerate((["-0.001", "9.5", "10", ""], ["10", "9.5", "-0.001", ""])):
        click(browser, "th button", "number")
        assert column(browser, 1) == order
        sorts = browser.run(
            "return [...document.querySelectorAll('th')].map(one => one.getAttribute('aria-sort'))"
        )
        assert sorts == [None, ("ascending", "descending")[down], None]
    click(browser, "th button", "name")
    assert [name[0] for name in column(browser, 0)] == ["a", "b", "c", "d"]


def test_the_keyboard_sorts_too(browser, file):
    browser.open(file)
    browser.run("document.querySelector('th button').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.command("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r")
    assert [name[0] for name in column(browser, 0)] == ["a", "b", "c", "d"]


def test_buttons_show_one_plot_at_a_time(browser, file):
    browser.open(file)
    panels = "return [...document.querySelectorAll('.panel')].map(one => one.hidden)"
    assert browser.run(panels) == [False, True]
    click(browser, ".buttons button", "two")
    assert browser.run(panels) == [True, False]
    assert browser.run("return document.querySelectorAll('.panel:last-child .point').length") == 2
    pressed = "return document.querySelector('.buttons [aria-pressed=true]').textContent"
    assert browser.run(pressed) == "two"


def test_the_legend_hides_a_series(browser, file):
    browser.open(file)
    click(browser, ".legend button", "other")
    assert browser.run("return document.querySelectorAll('.drawing path.js-line').length") == 1
    click(browser, ".legend button", "other")
    assert browser.run("return document.querySelectorAll('.drawing path.js-line').length") == 2


def test_plots_follow_the_scheme(browser, file):
    stroke = "return document.querySelector('.drawing path.js-line').style.stroke"
    browser.open(file)
    light = browser.run(stroke)
    browser.prefer("dark")
    dark = browser.run(stroke)
    click(browser, ".buttons button", "two")
    browser.prefer("light")
    click(browser, ".buttons button", "one")
    assert dark != light == browser.run(stroke)
    assert browser.complaints == []
