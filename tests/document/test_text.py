"""Numbers, durations and sizes, as everything writes them."""

import pytest

from nas_hydra.document import text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        *((text.number(0.971312), "0.9713"), (text.number(38310.0), "38,310")),
        *((text.number(1234567), "1,234,567"), (text.number(2e12), "2e+12"), (text.number(3), "3")),
        *((text.share(0.0), "0 %"), (text.share(0.001), "<1 %"), (text.share(0.124), "12 %")),
        *((text.percent(0.012), "+1.2 %"), (text.percent(-0.224), "-22 %")),
        *(
            (text.signed(0.0131), "+0.0131"),
            (text.signed(0.0), "±0"),
            (text.signed(-38310), "-38,310"),
        ),
        *(
            (text.duration(0), "0 s"),
            (text.duration(0.0421), "0.042 s"),
            (text.duration(59.9), "59 s"),
        ),
        *((text.duration(60), "1 min 00 s"), (text.duration(3599.9), "59 min 59 s")),
        *((text.duration(7384), "2 h 03 min"), (text.duration(1e6), "277 h 46 min")),
        *((text.byte_size(1.53e9), "1.53 GB"), (text.byte_size(12), "12 B")),
        *((text.byte_size(999_600), "1 MB"), (text.byte_size(999_400), "999 kB")),
        *((text.change("a", "b"), "a → b"), (text.counted(1, "trial"), "1 trial")),
        (text.counted(1200, "trial"), "1,200 trials"),
    ],
)
def test_it_is_written_as_people_write_it(written, shown):
    assert written == shown
