"""What one search is."""

import pytest

from nas_hydra.run import typed_with


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ([], ["b=2"]),
        (["-m"], ["-m", "b=2"]),
        (["a=1", "-m"], ["b=2", "a=1", "-m"]),
        (["--config-dir", "my", "~a", "c=3"], ["--config-dir", "my", "b=2", "~a", "c=3"]),
        (["+a=1"], ["b=2", "+a=1"]),
    ],
)
def test_overrides_stay_side_by_side(typed, expected):
    assert typed_with(typed, ["b=2"]) == expected
