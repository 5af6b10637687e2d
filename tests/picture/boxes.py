"""What a drawing is made of, as tests look at it."""

from itertools import combinations

from nas_hydra.picture.scene import BASELINE, Box, Drawing, Text

SLACK = 0.01
"""Points by which neighbours may differ in rounding."""


def overlap(one: Box, other: Box) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > SLACK and down > SLACK


def extent(text: Text) -> Box:
    """The room that a text's letters take."""
    top = text.y - BASELINE * text.run.size
    return Box(text.x, top, text.run.width, text.run.size)


def assert_readable(drawing: Drawing) -> None:
    """All texts are within the picture, and none is on another one."""
    texts = [shape for shape in drawing.shapes if isinstance(shape, Text)]
    boxes = [extent(text) for text in texts]
    for (one, box), (other, second) in combinations(zip(texts, boxes, strict=True), 2):
        assert not overlap(box, second), (one, other)
    for text, box in zip(texts, boxes, strict=True):
        assert min(box.x, box.y) >= -SLACK, text
        assert box.x + box.width <= drawing.width + SLACK, text
        assert box.y + box.height <= drawing.height + SLACK, text
