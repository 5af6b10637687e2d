"""Networks of inverted residuals."""

import pytest
import torch

from model.networks import parameters
from nas_hydra.model.mobilenet import (
    MobileNet,
    MobileNetMacro,
    identity_or_conv,
    inverted_residual,
    round_to_eight,
)

BLOCK = {"kernel_size": 3, "expansion": 4, "squeeze_excite": False}


def stage(width=1.0, **settings):
    return {"width": width, "blocks": [{**BLOCK, **settings}]}


def test_parameters_of_a_block_by_hand():
    """Widen 8 to 32, 5x5 on each of 32, narrow to 16; a batch norm behind each."""
    block = inverted_residual(8, 16, stride=2, kernel_size=5, expansion=4)
    by_hand = (8 * 32 + 64) + (25 * 32 + 64) + (32 * 16 + 32)
    assert sum(p.numel() for p in block.parameters()) == by_hand
    assert block(torch.zeros(2, 8, 6, 6)).shape == (2, 16, 3, 3)


@pytest.mark.parametrize("change", [{"kernel_size": 7}, {"expansion": 6}, {"squeeze_excite": True}])
def test_every_choice_makes_another_network(change):
    plain = MobileNet([stage(), stage()], [16, 24], 16, 3, 10)
    changed = MobileNet([stage(), stage(**change)], [16, 24], 16, 3, 10)
    assert parameters(changed) > parameters(plain)


def test_widths_are_multiples_of_eight():
    assert [round_to_eight(c) for c in (1, 8, 11.9, 12, 24, 36)] == [8, 8, 8, 16, 24, 40]
    wide = MobileNet([stage(1.5)], [16], 16, 3, 10)
    assert wide.linear.in_features == 24


def test_every_stage_needs_its_channels():
    with pytest.raises(ValueError, match="shorter"):
        MobileNet([stage(), stage()], [16], 16, 3, 10)


def test_identity_is_free_where_nothing_changes():
    images = torch.randn(2, 8, 4, 4)
    assert identity_or_conv(8, 8, 1)(images) is images
    assert identity_or_conv(8, 16, 2)(images).shape == (2, 16, 2, 2)


def test_macro_parameters_by_hand():
    """NAS-Bench-Macro's network of identities; only three of them change the shape."""
    network = MobileNetMacro(["identity"] * 8, [2, 3, 3], 32, 1280, 3, 10)
    projections = sum(c * 2 * c + 4 * c for c in (32, 64, 128))
    by_hand = (27 * 32 + 64) + projections + (256 * 1280 + 2 * 1280) + 1281 * 10
    assert parameters(network) == by_hand


def test_macro_layers_must_fill_the_stages():
    with pytest.raises(ValueError, match="sum to 8, but there are 7 layers"):
        MobileNetMacro(["identity"] * 7, [2, 3, 3], 32, 1280, 3, 10)
    with pytest.raises(ValueError, match=r"'mb3' is no operation here.*mb3_k3"):
        MobileNetMacro(["mb3"], [1], 32, 64, 3, 10)
