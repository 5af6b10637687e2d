"""Counts of tokens, and of pairs of them, as models of a language."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.retrain.ngram import NGram
from nas_hydra.task.tokens import IGNORED

TOKENS = 5
TEXTS = st.lists(st.lists(st.integers(0, TOKENS - 1), min_size=3, max_size=3), min_size=1)


@given(texts=TEXTS, bigram=st.booleans())
def test_probabilities_are_above_none_and_sum_to_one(texts, bigram):
    ids = torch.tensor(texts)
    model = NGram(ids[:, :-1], ids[:, 1:], TOKENS, bigram)
    logits = model(torch.arange(TOKENS)[None])
    assert logits.shape == (1, TOKENS, TOKENS)
    assert logits.isfinite().all()
    torch.testing.assert_close(logits.exp().sum(dim=2), torch.ones(1, TOKENS))


def test_pairs_are_mixed_with_frequencies_by_how_many_kinds_follow():
    ids = torch.tensor([[1, 2, 1], [2, 1, 2]])
    target = torch.tensor([[2, 1, 3], [1, 2, IGNORED]])
    shares = NGram(ids, target, 4, bigram=False)(ids[:1, :1]).exp()[0, 0]
    torch.testing.assert_close(shares, torch.tensor([1, 3, 3, 2]) / 9)
    pairs = NGram(ids, target, 4, bigram=True)(torch.tensor([[1, 0]])).exp()[0]
    torch.testing.assert_close(pairs[0], (torch.tensor([0, 0, 2, 1]) + 2 * shares) / 5)
    torch.testing.assert_close(pairs[1], shares)  # nothing is known to follow
