"""How a language model goes on with texts."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import one_hot

from nas_hydra.dataset.texts.tokenizing import PADDING, Vocabulary, encoded
from nas_hydra.predict.continuing import TOKENS, Continuation

LETTERS = Vocabulary("characters", "abcdefgh")
SIZE = LETTERS.size


class Next(nn.Module):
    """After each letter the next of the alphabet, but behind the end nothing that is true."""

    def forward(self, ids):
        told = one_hot((ids - 1) % (SIZE - 2) + 2, SIZE).float()
        told[..., :2] = 9.0  # padding and the unknown, which no text has
        return torch.where((ids == PADDING)[..., None], told.flip(2), told)


@given(text=st.text("abcdefgh", min_size=1, max_size=9), length=st.integers(1, 7))
def test_each_text_goes_on_where_it_ends_or_where_it_is_cut(text, length):
    (found,) = Continuation(Next(), LETTERS)(encoded(LETTERS, [text], length))
    last = text[:length][-1]
    alphabet = "abcdefgh" * (TOKENS // 8 + 2)
    assert found == alphabet[alphabet.index(last) + 1 :][:TOKENS]


def test_rows_of_different_lengths_go_on_together():
    found = Continuation(Next(), LETTERS)(encoded(LETTERS, ["a", "abcd"], 3))
    assert [one[:3] for one in found] == ["bcd", "def"]


def test_words_are_joined_as_they_are_written():
    words = Vocabulary("words", ("so", "it", "is", ".", ","))
    assert words.text(words.ids("So, it is.")) == "so, it is."
