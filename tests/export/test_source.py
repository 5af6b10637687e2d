"""Networks as code: what is written computes the same, reads well, or is refused."""

import pytest
import torch
from torch import nn

from export import modules
from made import OF_IMAGES
from models import winner
from nas_hydra.evaluator.base import seeded
from nas_hydra.export.source import UnwritableError, source
from nas_hydra.network import Network
from networks import built

SHAPE = (1, 8, 8)


def exported(network):
    """The network with its normalisation, and the text of its file."""
    whole = Network(network, [0.3], [0.25]).eval()
    return whole, source(whole, SHAPE, ["0", 'a "b"'], "A title.", "model.pt")


def same(network, tmp_path):
    """Whether the code computes the same from the same weights; gives the code."""
    whole, text = exported(network)
    space = {"__file__": str(tmp_path / "model.py")}
    exec(compile(text, "model.py", "exec"), space)
    torch.save({**whole.state_dict(), **dict(whole.named_buffers())}, tmp_path / "model.pt")
    images = torch.rand(5, *SHAPE)
    with torch.no_grad():
        assert torch.allclose(space["load"]()(images), whole(images), atol=1e-5)
    assert space["CLASSES"] == ["0", 'a "b"']
    assert "nas_hydra" not in text
    assert "torchvision" not in text
    return text


@pytest.mark.parametrize("space", OF_IMAGES)
def test_a_winner_of_every_space(space, tmp_path):
    for seed in (0, 1):
        with seeded(seed):
            network = built(winner(space, seed)["model"], SHAPE)
        same(network, tmp_path)


def test_modules_of_ones_own(tmp_path):
    with seeded(0):
        text = same(built({"_target_": "export.modules.Network"}, SHAPE), tmp_path)
    assert text.count("class Tricks(") == 1  # three modules of one class
    assert "class Tricks2(" in text  # and one that is called otherwise
    assert "class Network2(" in text
    assert "* mixed" not in text
    assert "2 * images.shape[0]" in text


def test_the_file_reads_like_one_that_was_written_by_hand():
    def block(channels):
        return nn.Sequential(nn.Conv2d(channels, 8, 3, padding=1), nn.ReLU())

    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
    _, text = exported(nn.Sequential(block(1), block(8), block(8), block(8), head))
    written = '''\
class Network(nn.Module):
    """A network and the normalisation of its images."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.30000001192092896]))
        self.register_buffer("std", torch.tensor([0.25]))
        self.network = nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU()),
            *[nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()) for _ in range(3)],
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)),
        )
'''
    assert written in text
    assert "import torch.nn.functional" not in text


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (modules.Decides(), "depends on the numbers"),
        (modules.PerImage(), "another number of images"),
        (modules.Hidden(), "neither parameter nor buffer"),
    ],
)
def test_what_cannot_be_written_is_named(layer, reason):
    head = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    with pytest.raises(UnwritableError, match=rf"layer '0.1' \({type(layer).__name__}\).*{reason}"):
        exported(nn.Sequential(nn.Sequential(nn.ReLU(), layer), head))
