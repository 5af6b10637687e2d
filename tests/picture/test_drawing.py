"""Drawings: nothing is lost, nothing overlaps, and any text is only text."""

from collections.abc import Iterator
from io import BytesIO
from itertools import combinations, pairwise
from xml.etree import ElementTree

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from PIL import Image

from nas_hydra.picture.candidate import chained
from nas_hydra.picture.formats import png, svg
from nas_hydra.picture.layers import Connection, layered
from nas_hydra.picture.order import ordered
from nas_hydra.picture.scene import Box, Drawing, Point, Stroke, boxed, paragraph
from nas_hydra.picture.space import BoxTree
from nas_hydra.picture.text import ILLEGAL, LONGEST, Span, wrapped
from picture.boxes import overlap

SVG = "{http://www.w3.org/2000/svg}"
sides = st.floats(10, 200)
sizes = st.tuples(sides, sides)


def node(width: float, height: float) -> Drawing:
    return Drawing(width, height, (Box(0, 0, width, height),))


def boxes(drawing: Drawing) -> list[Box]:
    return [shape for shape in drawing.shapes if isinstance(shape, Box)]


def paths(drawing: Drawing) -> list[Stroke]:
    return [shape for shape in drawing.shapes if isinstance(shape, Stroke)]


def contains(drawing: Drawing, point: Point) -> bool:
    x, y = point
    return -0.01 <= x <= drawing.width + 0.01 and -0.01 <= y <= drawing.height + 0.01


def crosses(path: Stroke, box: Box) -> bool:
    return any(
        box.x + 0.01 < x < box.x + box.width - 0.01 and box.y + 0.01 < y < box.y + box.height - 0.01
        for x, y in along(path)
    )


def along(path: Stroke, steps: int = 20) -> Iterator[Point]:
    """Points on its curves."""
    for start in range(0, len(path.points) - 1, 3):
        a, b, c, d = path.points[start : start + 4]
        for step in range(steps + 1):
            t = step / steps
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            yield tuple(
                sum(w * p[i] for w, p in zip(weights, (a, b, c, d), strict=True)) for i in (0, 1)
            )  # type: ignore[misc]


def is_side(point: Point, box: Box, right: bool) -> bool:
    x, y = box.x + box.width * right, box.y + box.height / 2
    return point == pytest.approx((x, y), abs=1)


def assert_neat(drawing: Drawing) -> None:
    """All inside, no box on another one, no line through a box."""
    found = boxes(drawing)
    assert not [pair for pair in combinations(found, 2) if overlap(*pair)]
    for box in found:
        assert contains(drawing, (box.x, box.y))
        assert contains(drawing, (box.x + box.width, box.y + box.height))
    for path in paths(drawing):
        assert all(contains(drawing, point) for point in path.points)
        assert not [box for box in found if crosses(path, box)]


@st.composite
def graphs(draw):
    """Nodes, and links from lower ones to higher ones, some of them twice."""
    nodes = draw(st.lists(sizes, min_size=1, max_size=12))
    pairs = list(combinations(range(len(nodes)), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=25)) if pairs else []
    return nodes, [Connection(*pair) for pair in chosen]


@settings(max_examples=60, deadline=None)
@given(graph=graphs())
def test_every_node_and_link_of_any_graph_is_drawn_and_in_nobodys_way(graph):
    nodes, links = graph
    drawing = layered([node(*size) for size in nodes], links)
    found = boxes(drawing)
    assert [(box.width, box.height) for box in found] == nodes
    assert len(paths(drawing)) == len(links)
    for link, path in zip(links, paths(drawing), strict=True):
        assert is_side(path.points[0], found[link.source], right=True)
        assert is_side(path.points[-1], found[link.sink], right=False)
    assert_neat(drawing)


def test_a_dense_graph_is_drawn_with_all_its_links():
    pairs = list(combinations(range(30), 2))
    drawing = layered([node(20, 20)] * 30, [Connection(*pair) for pair in pairs])
    assert len(paths(drawing)) == len(pairs)


@pytest.mark.parametrize(
    "steps",
    [[(0, 4), (1, 3), (2, 5)], [(0, 5), (1, 4), (2, 3), (2, 4)], [(0, 3), (1, 5), (2, 3)]],
)
def test_lines_that_need_not_cross_do_not(steps):
    left, right = ordered([[0, 1, 2], [3, 4, 5]], steps)
    ends = sorted((left.index(a), right.index(b)) for a, b in steps)
    assert all(one[1] <= other[1] for one, other in pairwise(ends))


trees = st.recursive(
    sizes.map(lambda size: BoxTree(Drawing(*size))),
    lambda inner: st.tuples(sizes, st.lists(inner, max_size=4)).map(
        lambda made: BoxTree(Drawing(*made[0]), made[1])
    ),
    max_leaves=25,
)


def count(tree: BoxTree) -> int:
    return 1 + sum(map(count, tree.branches))


@settings(max_examples=60, deadline=None)
@given(tree=trees)
def test_every_box_of_any_tree_is_drawn_and_joined(tree):
    drawing = tree.drawn()
    found = boxes(drawing)
    assert len(found) == count(tree) == len(paths(drawing)) + 1
    joined = []
    for path in paths(drawing):
        assert any(is_side(path.points[0], box, right=True) for box in found)
        joined += [box for box in found if is_side(path.points[-1], box, right=False)]
    assert len(joined) == len(set(joined)) == len(found) - 1
    assert_neat(drawing)


@settings(max_examples=60, deadline=None)
@given(chosen=st.lists(sizes, max_size=30))
def test_every_box_of_any_chain_is_drawn_and_joined_to_the_next(chosen):
    drawing = chained([node(*size) for size in chosen])
    assert [(box.width, box.height) for box in boxes(drawing)] == chosen
    assert len(paths(drawing)) == max(0, len(chosen) - 1)
    assert_neat(drawing)


texts = st.text(st.characters(exclude_categories=()), max_size=200)
"""With control characters and halves of surrogate pairs, which XML forbids."""


@settings(max_examples=200, deadline=None)
@given(text=texts)
def test_any_text_is_text_in_well_formed_xml(text):
    written = svg(boxed(paragraph(Span(text))))
    root = ElementTree.fromstring(written.encode())
    assert {part.tag.removeprefix(SVG) for part in root.iter()} <= {"svg", "style", "rect", "text"}
    shown = "".join(part.text or "" for part in root.iter(f"{SVG}text"))
    wanted = ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
    assert "".join(shown.split()) == "".join(wanted.split())


@settings(max_examples=200, deadline=None)
@given(text=texts, size=st.integers(8, 16), bold=st.booleans())
def test_lines_are_no_wider_than_they_may_be(text, size, bold):
    lines = wrapped([Span("key "), Span(text, size=size, bold=bold)], widest=80)
    for line in lines:
        assert sum(run.width for run in line) <= 80.01


def test_what_is_endless_is_cut_and_says_so():
    lines = wrapped([Span("word " * 100_000)])
    assert lines[-1][-1].text == "…"
    assert sum(len(run.text) for line in lines for run in line) <= LONGEST


@settings(max_examples=20, deadline=None)
@given(text=texts)
def test_any_text_can_be_drawn_as_png(text):
    drawing = boxed(paragraph(Span(text, bold=True)))
    image = Image.open(BytesIO(png(drawing)))
    assert image.size == pytest.approx((2 * drawing.width, 2 * drawing.height), abs=1)


def test_letters_in_a_png_are_where_the_drawing_has_them():
    drawing = paragraph(Span("word", "#ff0000"))
    image = Image.open(BytesIO(png(drawing))).convert("L").point(lambda value: 255 - value)
    left, top, right, bottom = image.getbbox()
    assert left < 6
    assert abs(right - 2 * drawing.width) < 6
    assert 0 < top < bottom <= 2 * drawing.height


def test_a_huge_picture_is_a_png_of_a_bounded_number_of_pixels():
    image = Image.open(BytesIO(png(Drawing(40_000, 9_000))))
    assert 5 * 10**6 < image.width * image.height < 2 * 10**7
