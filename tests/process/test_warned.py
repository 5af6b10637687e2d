import warnings

from nas_hydra.process.warned import said_once, unsaid


def warn(text: str) -> None:
    warnings.warn(text, stacklevel=1)


def test_a_warning_is_said_once_whatever_libraries_do_to_the_filters():
    with warnings.catch_warnings(record=True) as said, said_once():
        warnings.simplefilter("always")
        for _ in range(3):
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                warn("mine")
        warn("another")
    assert [str(one.message) for one in said] == ["mine", "another"]


def test_what_is_not_to_be_said_is_left_out_and_the_rest_is_not():
    before = warnings.showwarning, [*warnings.filters]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with unsaid("for .*: ours"):
            warn("for x: ours, at length")
            warn("mine")
    assert [str(one.message) for one in said] == ["mine"]
    assert (warnings.showwarning, [*warnings.filters]) == before
