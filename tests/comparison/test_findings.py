"""How findings are written."""

from nas_hydra.comparison.findings import p_value, told_apart


def test_two_numbers_have_as_many_digits_as_tell_them_apart():
    assert told_apart(84.892, 84.8861) == ("84.892", "84.886")
    assert told_apart(0.5, 0.25) == ("0.5", "0.25")
    assert told_apart(2_000_000.0, 2_000_000.0) == ("2,000,000", "2,000,000")


def test_p_values_are_not_more_exact_than_they_are():
    assert [p_value(p) for p in (0.3, 0.04321, 0.0019, 1e-9)] == [
        *("p = 0.3", "p = 0.043", "p = 0.0019", "p < 0.001"),
    ]
