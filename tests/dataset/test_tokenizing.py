"""Tokenizers: what texts are cut into, and which ids that gives."""

import json
import pickle
import sys

import hypothesis.strategies as st
import pytest
from hypothesis import given

from nas_hydra.dataset.texts.tokenizing import UNKNOWN, encoded, fitted, restored
from nas_hydra.errors import ConfigError

TEXTS = ("The cat sat.", "the dog sat; the cat did not", "A bird!")


def test_the_most_frequent_words_are_known_in_small_letters():
    made = fitted("words", 4, TEXTS)
    assert made.described["entries"] == ["the", "cat"]  # "sat" as often, but later
    assert made.ids("The CAT sat.") == [2, 3, UNKNOWN, UNKNOWN]


def test_characters_are_as_they_stand():
    made = fitted("characters", None, TEXTS)
    assert set(made.described["entries"]) == set("".join(TEXTS))
    assert made.ids("tT") == [made.ids("t")[0], made.ids("T")[0]]


@pytest.mark.parametrize("tokens", ["words", "characters", "bpe"])
@given(text=st.text(), texts=st.lists(st.text(), min_size=1, max_size=3))
def test_ids_are_within_the_vocabulary_and_the_same_after_json_and_pickle(tokens, text, texts):
    pytest.importorskip("tokenizers")
    made = fitted(tokens, 270, tuple(texts))
    ids = made.ids(text)
    assert all(0 < one < made.size <= 270 for one in ids)  # padding stands behind texts only
    assert restored(json.loads(json.dumps(made.described))).ids(text) == ids
    assert pickle.loads(pickle.dumps(made)).ids(text) == ids


@given(text=st.text(min_size=1))
def test_pairs_of_bytes_write_every_text(text):
    pytest.importorskip("tokenizers")
    made = fitted("bpe", 300, TEXTS)
    assert UNKNOWN not in made.ids(text)
    assert len(made.ids("the cat")) < len(b"the cat")


def test_what_looks_like_padding_in_a_text_is_none():
    pytest.importorskip("tokenizers")
    made = fitted("bpe", 300, TEXTS)
    assert 0 not in made.ids("<padding>")
    assert 0 not in pickle.loads(pickle.dumps(made)).ids("<padding>")


def test_long_texts_are_cut_and_short_ones_padded():
    made = fitted("words", None, TEXTS)
    rows = encoded(made, ["the the the", "", "the"], 2)
    assert rows.tolist() == [[2, 2], [0, 0], [2, 0]]


@pytest.mark.parametrize(
    ("tokens", "size", "told"),
    [
        ("words", 2, "at least 3 are needed"),
        ("bpe", 257, "at least 258 are needed"),
        ("bpe", None, "tokens=bpe needs a number"),
    ],
)
def test_a_vocabulary_that_is_too_small_is_refused(tokens, size, told):
    with pytest.raises(ConfigError, match=rf"dataset\.vocabulary: .*{told}"):
        fitted(tokens, size, TEXTS)


def test_without_the_library_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(ConfigError, match=r"pip install 'nas-hydra\[text\]'"):
        fitted("bpe", 299, TEXTS)
    assert fitted("words", 10, TEXTS).ids("the")
