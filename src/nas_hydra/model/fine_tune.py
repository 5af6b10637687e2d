"""Networks of torchvision's that were trained before, and are trained on: fine-tuning."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torch.nn.functional import interpolate

from nas_hydra.errors import listing, nearest

log = logging.getLogger(__name__)

BACKBONES = (
    *("resnet18", "resnet34", "resnet50", "mobilenet_v3_small", "mobilenet_v3_large"),
    *("efficientnet_b0", "shufflenet_v2_x1_0", "convnext_tiny"),
)
"""Of ``torchvision.models``: networks whose parts are passed one after the other."""
HEADS = ("fc", "classifier")
"""What their last layers are called."""
STAGES = ("layer", "stage", "conv5")
"""How the names of the parts begin that are a stage; what comes before the first is one, too."""
ENDINGS = (".pth", ".pt")
COLOURS = 3
EVERYTHING: Mapping[str, float] = {"frozen": 0.0, "first_rate": 1.0}
"""All stages learn as fast as the head."""


class FineTune(nn.Module):
    """A backbone whose first stages are frozen, and a new head.

    Frozen stages learn nothing, and their batch norms keep their statistics. The learning rate
    falls from the head to the first stage by the same factor from each stage to the next
    (Howard and Ruder 2018, who call it discriminative fine-tuning).

    Args:
        backbone: one of ``BACKBONES``.
        weights: a file that ``torch.save`` made of its ``state_dict``, or a folder that holds one
            whose name begins as the backbone's; its head may be for other classes. None: random.
        tuning: ``frozen``, the share of the stages that is frozen, from the first on, 0 to 1; and
            ``first_rate``, the learning rate of the first stage as a share of the head's, above 0
            up to 1.
        hidden: features of a hidden layer in the head; 0 is none.
        dropout: chance of a feature to be dropped before the last layer, 0 to 1.
        side: images are resized to squares of so many pixels; None leaves them.
        num_classes: number of outputs.

    Raises:
        ValueError: if the backbone is unknown, or a share is none.
        FileNotFoundError: if there are no such weights.
        RuntimeError: if they are those of another network.
    """

    def __init__(
        self,
        backbone: str,
        num_classes: int,
        weights: str | None = None,
        tuning: Mapping[str, float] = EVERYTHING,
        hidden: int = 0,
        dropout: float = 0.0,
        side: int | None = None,
    ) -> None:
        super().__init__()
        frozen, first_rate = tuning["frozen"], tuning["first_rate"]
        if not (0 <= frozen <= 1 and 0 < first_rate <= 1):
            problem = f"frozen is {frozen} and first_rate {first_rate}"
            raise ValueError(f"{problem}; allowed: 0 to 1, and above 0 to 1")
        network = _known(backbone)
        if weights is None:
            _tell_random()
        elif torch.get_default_device().type != "meta":
            load(network, weights_file(weights, backbone))
        self.stages = nn.ModuleList(_stages(network))
        self.frozen, self.first_rate = round(frozen * len(self.stages)), first_rate
        for stage in self.stages[: self.frozen]:
            stage.requires_grad_(False)
        self.head = _head(_features(network), num_classes, hidden, dropout)
        self.side = side

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1 or 3, H, W) to logits (N, num_classes)."""
        features = images.expand(-1, COLOURS, -1, -1)
        if self.side is not None and tuple(features.shape[-2:]) != (self.side, self.side):
            size = (self.side, self.side)
            features = interpolate(features, size, mode="bilinear", align_corners=False)
        for stage in self.stages:
            features = stage(features)
        return self.head(features.mean(dim=(2, 3)))  # type: ignore[no-any-return]

    def train(self, mode: bool = True) -> "FineTune":
        """As of every module, but that frozen stages stay in evaluation mode."""
        super().train(mode)
        for stage in self.stages[: self.frozen]:
            stage.eval()
        return self

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The parameters that are trained, by stage, each with its share of the learning rate."""
        depth = len(self.stages)
        groups = [(self.head, 1.0)] + [
            (stage, self.first_rate ** ((depth - place) / depth))
            for place, stage in enumerate(self.stages)
        ]
        found = (
            {"params": [one for one in part.parameters() if one.requires_grad], "rate": rate}
            for part, rate in groups
        )
        return [group for group in found if group["params"]]


@cache
def _tell_random() -> None:
    """Say, once, that nothing is fine-tuned."""
    log.warning(
        "model: the backbones begin with random weights; search_space.weights=FOLDER has those"
        " of torchvision (resnet18-f37072fd.pth, ...)"
    )


def _known(backbone: str) -> nn.Module:
    """A network of torchvision's, with random weights."""
    if backbone not in BACKBONES:
        hint = nearest(backbone, BACKBONES)
        raise ValueError(f"'{backbone}' is no backbone here; allowed: {listing(BACKBONES)}{hint}")
    network: nn.Module = torchvision.models.get_model(backbone, weights=None)
    return network


def _stages(network: nn.Module) -> list[nn.Module]:
    """What images pass before the head, in order: a stem, and stages."""
    children = [
        (name, part) for name, part in network.named_children() if name not in (*HEADS, "avgpool")
    ]
    if [name for name, _ in children] == ["features"]:
        return list(children[0][1])  # type: ignore[call-overload,no-any-return]  # a Sequential
    stem = nn.Sequential(*(part for name, part in children if not name.startswith(STAGES)))
    return [stem, *(part for name, part in children if name.startswith(STAGES))]


def _features(network: nn.Module) -> int:
    """How many features the head gets."""
    head = next(part for name, part in network.named_children() if name in HEADS)
    return next(one.in_features for one in head.modules() if isinstance(one, nn.Linear))


def _head(features: int, num_classes: int, hidden: int, dropout: float) -> nn.Sequential:
    """One linear layer, or two."""
    layers: list[nn.Module] = []
    if hidden:
        layers, features = [nn.Linear(features, hidden), nn.ReLU()], hidden
    return nn.Sequential(*layers, nn.Dropout(dropout), nn.Linear(features, num_classes))


def weights_file(weights: str, backbone: str) -> Path:
    """The file of a backbone's weights.

    Args:
        weights: the file, or a folder, where it is called as torchvision calls it:
            ``resnet18-f37072fd.pth``.
        backbone: name of the network.

    Raises:
        FileNotFoundError: if there is none.
    """
    path = Path(weights).expanduser()
    if path.is_file():
        return path
    named = [*path.glob(f"{backbone}[-.]*")] if path.is_dir() else []
    found = sorted(file for file in named if file.suffix in ENDINGS)
    if found:
        return found[-1]
    there = f"holds no {backbone}-*.pth" if path.is_dir() else "is not there"
    raise FileNotFoundError(
        f"weights: {path.absolute()} {there}; wanted is the file of a state_dict of torchvision's"
        f" {backbone}, or a folder that has it (null trains from random weights)"
    )


def load(network: nn.Module, file: Path) -> None:
    """Give a network of torchvision's the weights of a file, but for its head.

    Raises:
        RuntimeError: if they are those of another network.
    """
    held = torch.load(file, map_location="cpu", weights_only=True)
    own = network.state_dict()
    if not isinstance(held, Mapping):
        raise RuntimeError(f"weights: {file} holds a {type(held).__name__}, and no state_dict")
    kept = {name: one for name, one in held.items() if not name.startswith(HEADS)}
    wanted = [name for name in own if not name.startswith(HEADS)]
    wrong = _unlike(own, kept, wanted)
    if wrong:
        raise RuntimeError(f"weights: {file} is of another network: {wrong}")
    network.load_state_dict(kept, strict=False)


def _unlike(own: Mapping[str, Tensor], kept: Mapping[str, Any], wanted: Sequence[str]) -> str:
    """How weights are not those of a network; empty if they are."""
    lacking = [name for name in wanted if name not in kept]
    more = [name for name in kept if name not in own]
    other = [name for name in wanted if name in kept and kept[name].shape != own[name].shape]
    told = {"it lacks": lacking, "it has more": more, "of other shapes are": other}
    return ", ".join(f"{how} {listing(names, 2)}" for how, names in told.items() if names)
