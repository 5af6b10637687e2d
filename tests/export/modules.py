"""Modules as users write them, and what they need of torch."""

import torch
from torch import nn
from torch.nn import functional


class Tricks(nn.Module):
    """Slices, chunks, reshapes by the number of images, sums in place, a buffer and a parameter."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.rand(channels, 1, 1))
        self.register_buffer("shift", torch.rand(channels, 1, 1), persistent=False)
        self.layers = nn.ModuleDict(
            {"twice": nn.Conv2d(channels, channels, 3, padding=1), "same": nn.Identity()}
        )
        self.unused = nn.Linear(3, 3)

    def forward(self, images, double: bool = False):
        """Whatever."""
        total = self.layers["same"](images * self.scale)
        total += self.layers["twice"](self.layers["twice"](images))
        left, right = total.chunk(2, dim=1)
        mixed = torch.cat([right, 1 - left], dim=1) - self.shift
        mixed = mixed.view(len(mixed) * 2, -1).view(len(mixed), *mixed.shape[1:])
        if double and min(mixed.shape[2:]) > 1:
            mixed = mixed * 2
        return functional.leaky_relu(mixed[:, :, : mixed.shape[2]], 0.2) ** 2


class Double(nn.Module):
    """Is written as ONNX without complaint, and onnxruntime cannot run it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(1, 1, 3, padding=1).double()

    def forward(self, images):
        return self.layer(images.double()).float()


class Pair(nn.Module):
    def forward(self, images):
        return images, {"other": images.relu()}


class Backwards(nn.Sequential):
    """A list of layers with a forward of its own."""

    def forward(self, images):
        for layer in reversed(self):
            images = layer(images)
        return images


class Network(nn.Module):
    """Has the name that the exported network has, and a layer that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.tricks = nn.Sequential(*[Tricks(4) for _ in range(3)])
        self.pair, self.shared = Pair(), nn.GroupNorm(2, 4, eps=1e-3)
        self.recurrent = nn.LSTM(16, 5, num_layers=2, bidirectional=True, batch_first=True)
        self.backwards = Backwards(nn.ReLU(), nn.Conv2d(4, 4, 1))
        self.head = nn.Sequential()
        self.head.add_module("flat", nn.Flatten())
        self.head.add_module("out", nn.LazyLinear(10))

    def forward(self, images):
        first, rest = self.pair(self.tricks[0](images.repeat(1, 4, 1, 1)))
        features = self.shared(self.tricks[1](first, double=True)) + self.shared(rest["other"])
        features = self.backwards(self.tricks[2](features))
        rows, _ = self.recurrent(features.reshape(len(features), -1, 16))
        return self.head(rows)


class Bessel(nn.Module):
    """An operation that ONNX does not have."""

    def forward(self, images):
        return torch.special.bessel_j0(images)


class Decides(nn.Module):
    def forward(self, images):
        return images * 2 if images.sum() > 0 else images * 3


class PerImage(nn.Module):
    def forward(self, images):
        return torch.stack([image * 2 for image in images])


class Hidden(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mask = torch.ones(1)

    def forward(self, images):
        return images * self.mask
