"""Language modelling."""

import math

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from torchmetrics.text import Perplexity

from nas_hydra.dataset.texts.source import following
from nas_hydra.dataset.tree import joined
from nas_hydra.errors import CandidateError
from nas_hydra.task.tokens import IGNORED, Tokens

WORDS = 6


def batch(texts, length=5):
    """Logits and targets of texts of ids."""
    ids = torch.zeros(len(texts), length, dtype=torch.int64)
    for row, text in zip(ids, texts, strict=True):
        row[: len(text)] = torch.tensor(text, dtype=torch.int64)
    generator = torch.Generator().manual_seed(sum(map(sum, texts)))
    return torch.randn(len(texts), length, WORDS, generator=generator), following(ids)


TEXTS = st.lists(st.lists(st.integers(1, WORDS - 1), max_size=5), min_size=1, max_size=6).filter(
    lambda texts: any(len(text) > 1 for text in texts)
)


@given(texts=TEXTS, cut=st.integers(1, 5))
def test_scores_are_those_of_all_tokens_however_they_are_batched(texts, cut):
    task = Tokens(WORDS)
    output, target = batch(texts)
    parts = zip(torch.split(output, cut), torch.split(target, cut), strict=True)
    kept, targets = zip(*(task.gathered(*part) for part in parts), strict=True)
    found = task.score(joined(kept), joined(targets))
    theirs = Perplexity(ignore_index=IGNORED)
    theirs.update(output, target)
    torch.testing.assert_close(found["perplexity"], theirs.compute(), rtol=1e-4, atol=1e-4)
    told = target != IGNORED
    assert found["acc"].item() == pytest.approx(
        (output.argmax(2) == target)[told].float().mean().item()
    )


@given(texts=TEXTS)
def test_the_loss_of_rows_together_is_the_mean_of_each(texts):
    task = Tokens(WORDS)
    output, target = batch(texts)
    each = [task.loss(output[[row]], target[[row]]) for row in range(len(texts))]
    torch.testing.assert_close(task.loss(output, target), torch.stack(each).mean())
    torch.testing.assert_close(
        task.loss(output, target, "sum"), torch.stack(each).sum(), rtol=1e-5, atol=1e-5
    )


def test_nothing_follows_the_last_token():
    assert following(torch.tensor([[3, 4, 0], [5, 6, 7], [2, 0, 0]])).tolist() == [
        [4, -100, -100],
        [6, 7, -100],
        [-100, -100, -100],
    ]


def test_who_knows_nothing_has_the_vocabulary_for_a_perplexity():
    task = Tokens(WORDS)
    _, target = batch([[1, 2, 3], [4, 5]])
    kept, rows = task.gathered(torch.zeros(2, 5, WORDS), target)
    assert task.score(kept, rows)["perplexity"].item() == pytest.approx(WORDS)


def test_an_output_that_is_of_no_token_is_refused():
    _, target = batch([[1, 2], [3]])
    with pytest.raises(CandidateError, match=r"\(2, 5, 6\) is needed.*causal_transformer"):
        Tokens(WORDS).check(torch.zeros(2, WORDS), target)
    Tokens(WORDS).check(torch.zeros(2, 5, WORDS, device="meta"), target.to("meta"))


def test_a_guess_by_frequencies_is_told():
    class Split:
        def __init__(self, target):
            self.target = target

    class Known:
        train = Split(torch.tensor([[1, 1, 1, -100]] * 50))
        valid = Split(torch.tensor([[1, 1, -100, -100]]))

    (told,) = Tokens(2).outlook(Known())
    assert "2 tokens" in told
    assert float(told.rpartition(" ")[2]) == pytest.approx(math.exp(-math.log(151 / 152)), abs=1e-2)
