"""The picture of a confusion matrix."""

from xml.etree import ElementTree

from nas_hydra.retrain.confusion import picture


def test_names_of_classes_are_text_whatever_is_in_them():
    names = ["<script>alert(1)</script>", "a & \x00\x1b\udcff"]
    root = ElementTree.fromstring(picture([[1, 2], [3, 4]], names, "a < b").encode())
    assert {node.tag.rsplit("}")[-1] for node in root.iter()} == {"svg", "style", "rect", "text"}
    assert "a & \N{REPLACEMENT CHARACTER}" in {str(node.text)[:5] for node in root.iter()}
