import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.errors import (
    LINES,
    LONGEST,
    CandidateError,
    ConfigError,
    in_one_line,
    listing,
    mistake_of_helper,
    said,
    shortened,
    tell,
)


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("never")


@given(st.text(max_size=3000).map(lambda text: text * 10) | st.text())
def test_a_message_is_bounded_whatever_it_quotes(text):
    for error in (ConfigError("key", f"is {text!r}"), CandidateError(text)):
        assert len(str(error)) <= LONGEST
        assert len(str(error).splitlines()) <= LINES
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


@given(st.text())
def test_a_message_moves_no_terminal_and_fits_into_any_file(text):
    for told in (shortened(text), in_one_line(ValueError(text)), str(CandidateError(text))):
        told.encode()  # no half of a surrogate
        assert not {sign for sign in told if sign < " "} - {"\n", "\t"}
        assert not any("\x7f" <= sign <= "\x9f" for sign in told)


def test_what_is_escaped_can_still_be_read():
    assert said(ValueError("\x1b[31mred\x1b[0m \udcff \u202e\xa0naïve 網")) == (
        r"\x1b[31mred\x1b[0m \udcff \u202e" + "\xa0naïve 網"
    )


class Reading(torch.utils.data.Dataset):
    """Raises something in a helper process of torch."""

    def __init__(self, error):
        self.error = error

    def __getitem__(self, index):
        try:
            raise KeyError("another")
        except KeyError:
            raise self.error from None

    def __len__(self):
        return 1


@pytest.mark.long
@pytest.mark.parametrize(
    ("error", "line", "mistake"),
    [
        (
            ConfigError("dataset.root", "cat.png cannot be read: it is cut\noff"),
            "ConfigError: dataset.root: cat.png cannot be read: it is cut",
            "dataset.root: cat.png cannot be read: it is cut",
        ),
        (ValueError("cat.png is no picture"), "ValueError: cat.png is no picture", None),
        (KeyError("cat"), "KeyError: 'cat'", None),
        (ValueError(), "ValueError", None),
    ],
)
def test_what_a_helper_process_reports_is_told_as_its_own(error, line, mistake):
    with pytest.raises(type(error) if mistake is None else RuntimeError, match="Caught") as caught:
        list(torch.utils.data.DataLoader(Reading(error), num_workers=1))
    assert in_one_line(caught.value) == line
    found = mistake_of_helper(caught.value)
    assert (None if found is None else str(found)) == mistake


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


def test_an_error_is_told_with_its_advice_and_gives_the_exit_code(capsys):
    assert tell(ConfigError("seed", f"is {'9' * 100_000}; it must be a number")) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: seed: is 999")
    assert told.endswith("9; it must be a number\n")


def test_of_many_lines_the_first_and_the_last_are_kept():
    told = shortened("\n".join(f"line {number}" for number in range(500))).splitlines()
    assert (told[0], told[-1], len(told)) == ("line 0", "line 499", LINES)
