"""The picture of residuals, or of single classes."""

import xml.etree.ElementTree as ET

from nas_hydra.retrain.ranges import picture, ranges_of

LEVELS = ("0.05", "0.25", "0.5", "0.75", "0.95")


def test_residuals_lie_around_nothing_by_the_same_length_on_both_sides():
    known = dict(zip(LEVELS, (-4.0, -1.0, 0.5, 1.0, 2.0), strict=True))
    words, (row,) = ranges_of({"targets": {"<price>": {"residuals": known}}, "model": {}})
    assert (row.outer, row.inner, row.middle, row.scale) == ((-4, 2), (-1, 1), 0.5, (-4, 4))
    texts = [*ET.fromstring(picture([row], "a title", words)).itertext()]
    assert "<price>" in texts
    assert {"-4", "0", "4", "0.5"} <= {*texts}  # the scale, and the median
    assert any(text.startswith("residuals") for text in texts)


def test_classes_are_shown_with_their_intervals_and_other_figures_are_not():
    model = {"test_iou": 0.5, "test_iou_interval": [0.4, 0.6], "test_iou_cat": 0.7}
    _, rows = ranges_of({"model": {**model, "test_iou_cat_interval": [0.6, 0.8]}})
    assert [(row.name, row.outer, row.middle) for row in rows] == [("cat", (0.6, 0.8), 0.7)]
    assert ranges_of({"model": {"test_acc": 0.5, "test_acc_interval": [0.4, 0.6]}})[1] == []
