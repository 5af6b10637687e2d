"""Transformers for texts, and for tokens."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given
from torch import nn

from nas_hydra.evaluator.build import count_parameters
from nas_hydra.model.text_transformer import Block, TextTransformer

BLOCKS = [{"ffn": 2, "dropout": 0.0}, {"ffn": 1, "dropout": 0.1}]


def network(**settings):
    torch.manual_seed(0)
    given = {"heads": 2, "outputs": 4, "blocks": BLOCKS, **settings}
    return TextTransformer(20, 16, 8, **given).eval()


@pytest.mark.parametrize("pool", ["mean", "max"])
@given(
    texts=st.lists(st.lists(st.integers(1, 19), max_size=7), min_size=1, max_size=4),
    more=st.integers(0, 9),
)
def test_what_stands_behind_an_end_changes_nothing(pool, texts, more):
    rows = [torch.tensor(text + [0] * (7 - len(text)), dtype=torch.int64) for text in texts]
    ids = torch.stack(rows)
    padded = nn.functional.pad(ids, (0, more))
    outputs = network(pool=pool)(ids)
    torch.testing.assert_close(network(pool=pool)(padded), outputs)
    assert outputs.isfinite().all()


@given(place=st.integers(0, 8), token=st.integers(1, 19))
def test_a_token_sees_only_those_before_it(place, token):
    ids = torch.arange(1, 10)[None]
    changed = ids.clone()
    changed[0, place] = token
    before, after = network(causal=True)(ids), network(causal=True)(changed)
    assert before.shape == (1, 9, 4)
    torch.testing.assert_close(before[:, :place], after[:, :place])
    assert token == ids[0, place] or not torch.allclose(before[:, place:], after[:, place:])


def test_tokens_know_where_they_are():
    ids = torch.tensor([[3, 4, 5, 6]])
    assert not torch.allclose(network()(ids), network()(ids.flip(1)), atol=1e-5)


def test_a_block_is_torchs_own():
    """With the same weights it gives what ``nn.TransformerEncoderLayer`` gives."""
    torch.manual_seed(0)
    ours = Block(8, 2, 16, 0.0).eval()
    theirs = nn.TransformerEncoderLayer(
        8, 2, 16, 0.0, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    theirs.norm1.load_state_dict(ours.attended.state_dict())
    theirs.norm2.load_state_dict(ours.spread.state_dict())
    theirs.self_attn.in_proj_weight.data, theirs.self_attn.in_proj_bias.data = (
        ours.given.parameters()
    )
    theirs.self_attn.out_proj.load_state_dict(ours.mixed.state_dict())
    theirs.linear1.load_state_dict(ours.hidden[0].state_dict())
    theirs.linear2.load_state_dict(ours.hidden[3].state_dict())
    tokens, within = torch.randn(3, 5, 8), torch.tensor([[1, 1, 1, 0, 0], [1] * 5, [1, 0, 0, 0, 0]])
    with torch.no_grad():
        found = ours(tokens, within.bool()), theirs(tokens, src_key_padding_mask=within == 0)
    kept = within.bool()
    torch.testing.assert_close(found[0][kept], found[1][kept], atol=1e-5, rtol=1e-5)
    assert count_parameters(ours) == count_parameters(theirs)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="heads 3 do not divide width 8"):
        network(heads=3)
