"""What one search is."""

import pytest

from nas_hydra.run import parted


@pytest.mark.parametrize(
    ("typed", "flags", "overrides"),
    [
        ([], [], []),
        (["-m"], ["-m"], []),
        (["a=1", "-m", "+b=2"], ["-m"], ["a=1", "+b=2"]),
        (["--config-dir", "my=1", "~a", "c=3"], ["--config-dir", "my=1"], ["~a", "c=3"]),
        (["a=1", "--config-dir=my=1", "b=-cd"], ["--config-dir=my=1"], ["a=1", "b=-cd"]),
    ],
)
def test_flags_keep_their_values(typed, flags, overrides):
    assert parted(typed) == (flags, overrides)
