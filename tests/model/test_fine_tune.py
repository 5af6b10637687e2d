"""Networks that were trained before: what of them is loaded, frozen, and how fast it learns."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import get_model

from nas_hydra.model.fine_tune import FineTune
from nas_hydra.task.module import optimizer_of

IMAGES = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0))
SMALL = "mobilenet_v3_small"


def tuning(frozen, first_rate=1.0):
    return {"frozen": frozen, "first_rate": first_rate}


@pytest.mark.parametrize(
    "backbone",
    [
        *("resnet18", "mobilenet_v3_small", "shufflenet_v2_x1_0"),
        *(pytest.param(name, marks=pytest.mark.long) for name in ("efficientnet_b0", "resnet50")),
    ],
)
def test_its_features_are_those_of_torchvisions_network_with_the_weights_of_the_file(backbone):
    theirs = get_model(backbone, num_classes=7).eval()
    torch.save(theirs.state_dict(), f"{backbone}-0a1b.pth")
    images = torch.rand(2, 3, 32, 32)
    network = FineTune(backbone, 3, weights=".").eval()
    for head in ("fc", "classifier"):
        if hasattr(theirs, head):
            setattr(theirs, head, nn.Identity())
    network.head = nn.Identity()
    with torch.no_grad():
        torch.testing.assert_close(network(images), theirs(images))


@pytest.mark.parametrize("side", [None, 32])
def test_grey_images_of_any_size_get_logits(side):
    assert FineTune(SMALL, 3, side=side, hidden=8).eval()(IMAGES).shape == (2, 3)


def test_what_is_frozen_stays_as_it_was():
    network = FineTune(SMALL, 3, tuning=tuning(0.5)).train()
    before = {name: one.clone() for name, one in network.state_dict().items()}
    optimizer = optimizer_of(network, lambda known: torch.optim.SGD(known, 1.0))
    network(torch.rand(4, 3, 32, 32)).square().sum().backward()
    optimizer.step()
    changed = {name for name, one in network.state_dict().items() if not one.equal(before[name])}
    stages = {int(name.split(".")[1]) for name in changed if name.startswith("stages")}
    assert stages == set(range(network.frozen, len(network.stages)))
    assert 0 < network.frozen < len(network.stages)
    assert any(name.startswith("head") for name in changed)


def test_the_head_alone_learns_where_all_is_frozen():
    groups = FineTune(SMALL, 3, tuning=tuning(1.0)).parameter_groups()
    assert [group["rate"] for group in groups] == [1.0]


def test_rates_fall_evenly_from_the_head_to_the_first_stage():
    network = FineTune("resnet18", 3, tuning=tuning(0.0, 0.01))
    optimizer = optimizer_of(network, lambda known: torch.optim.AdamW(known, 0.1))
    rates = [group["lr"] for group in optimizer.param_groups]
    assert rates[0] == pytest.approx(0.1)
    assert rates[1] == pytest.approx(0.001)  # the stem
    factors = [b / a for a, b in zip(rates[1:], [*rates[2:], rates[0]], strict=True)]
    assert factors == pytest.approx([factors[0]] * 5)
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(
        [*network.parameters()]
    )
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    scheduler.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(
        [rate / 2 for rate in rates]
    )


def test_a_network_without_groups_is_trained_as_ever():
    network = nn.Linear(2, 2)
    optimizer = optimizer_of(network, lambda known: torch.optim.SGD(known, 0.1))
    assert [group["lr"] for group in optimizer.param_groups] == [0.1]


def test_weights_that_are_not_there_or_of_another_network_are_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere is not there; wanted is .* resnet18"):
        FineTune("resnet18", 3, weights="nowhere")
    with pytest.raises(FileNotFoundError, match=r"holds no resnet18-\*\.pth"):
        FineTune("resnet18", 3, weights=".")
    torch.save(get_model(SMALL).state_dict(), "resnet18.pth")
    with pytest.raises(RuntimeError, match=r"of another network: it lacks 'conv1\.weight'"):
        FineTune("resnet18", 3, weights=".")
    torch.save([1], "list.pt")
    with pytest.raises(RuntimeError, match=r"holds a list, and no state_dict"):
        FineTune("resnet18", 3, weights="list.pt")
    assert Path("list.pt").is_file()


def test_what_it_does_not_know_is_named():
    with pytest.raises(ValueError, match=r"'resnet19' is no backbone here.*'resnet18'"):
        FineTune("resnet19", 3)
    with pytest.raises(ValueError, match=r"frozen is 2"):
        FineTune(SMALL, 3, tuning=tuning(2))
