import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.errors import LINES, LONGEST, CandidateError, ConfigError, in_one_line, listing, said


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("never")


@given(st.text(max_size=3000).map(lambda text: text * 10) | st.text())
def test_a_message_is_bounded_whatever_it_quotes(text):
    for error in (ConfigError("key", f"is {text!r}"), CandidateError(text)):
        assert len(str(error)) <= LONGEST
        assert len(str(error).splitlines()) <= LINES
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_long_message_keeps_both_ends_and_says_what_it_leaves_out():
    message = str(ConfigError("dataset.root", f"{'x' * 5000}; choose another"))
    assert message.startswith("dataset.root: xxx")
    assert message.endswith("; choose another")
    assert "characters] xxx" in message


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("first\nsecond"), "ValueError: first"),
        (ValueError(), "ValueError"),
        (UnspeakableError(), "UnspeakableError: no message (its __str__ raises RuntimeError)"),
    ],
)
def test_any_exception_is_told_in_one_line(error, text):
    assert in_one_line(error) == text
    assert len(said(ValueError("x" * 10**6))) <= LONGEST + 20


def test_a_list_of_what_is_allowed_is_never_empty():
    assert listing([]) == "nothing"
