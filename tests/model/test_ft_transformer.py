"""Transformers whose tokens are columns."""

import pytest
import torch

from model.tables import table
from nas_hydra.model.embedding import LinearEmbedding
from nas_hydra.model.ft_transformer import FtBlock, FtTransformer

BLOCK = {"ffn": 1.5, "dropout": 0.5}


def network(width=8, heads=2, embedded=8):
    embedding = LinearEmbedding(3, embedded, relu=False)
    return FtTransformer(3, [3, 5], embedding, width, heads, [BLOCK, BLOCK], 4)


def test_the_order_of_tokens_tells_a_block_nothing():
    """Columns are told apart by their embeddings alone."""
    block = FtBlock(8, 2, norm=True, **BLOCK).eval()
    tokens = torch.randn(2, 5, 8)
    order = [3, 0, 4, 1, 2]
    assert torch.allclose(block(tokens)[:, order], block(tokens[:, order]), atol=1e-5)


def test_attention_is_torchs():
    block = FtBlock(8, 2, norm=False, **BLOCK).eval()
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True).eval()
    theirs.load_state_dict(
        {
            "in_proj_weight": block.attended.weight,
            "in_proj_bias": block.attended.bias,
            "out_proj.weight": block.mixed.weight,
            "out_proj.bias": block.mixed.bias,
        }
    )
    tokens = torch.randn(2, 5, 8)
    assert torch.allclose(block._attention(tokens), theirs(tokens, tokens, tokens)[0], atol=1e-5)


def test_dropout_is_for_training_only():
    transformer = network()
    assert torch.equal(transformer.eval()(table()), transformer(table()))
    assert not torch.equal(transformer.train()(table()), transformer(table()))


def test_sizes_must_fit():
    with pytest.raises(ValueError, match="heads 3 do not divide width 8"):
        network(heads=3)
    with pytest.raises(ValueError, match="the embedding is 16 wide, and a token 8"):
        network(embedded=16)
