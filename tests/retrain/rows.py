"""Rows that are no images, a task that is no classification, and a network for them."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn
from torch.nn.functional import mse_loss

from nas_hydra.dataset import Dataset
from nas_hydra.dataset.choosing import Whole
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.task import Task

HERE = "retrain.rows"


class Bought:
    """What each of some customers has bought, and what they have paid: a source."""

    def __init__(self, number: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.ids = torch.randint(20, (number, 5), generator=generator)
        self.sizes = 50 + 10 * torch.randn(number, 3, generator=generator)
        self.target = self.ids.float().mean(dim=1) + 0.1 * self.sizes.sum(dim=1)

    def __getitem__(self, index):
        return {"ids": self.ids[index], "sizes": self.sizes[index]}


@dataclass(frozen=True)
class Scale(Prepare):
    """Standardises the sizes."""

    def fit(self, parts):
        sizes = torch.cat([part["sizes"] for part in parts])
        return Scaled(sizes.mean(dim=0), sizes.std(dim=0))


class Scaled(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, inputs):
        return {"ids": inputs["ids"], "sizes": (inputs["sizes"] - self.mean) / self.std}


@dataclass(frozen=True, kw_only=True)
class Customers(Dataset, Whole):
    number: int

    def open_all(self):
        return Bought(self.number)


class Regression(Task):
    """Squared error; one number for each row."""

    scores: ClassVar = {"rmse": "minimize"}

    def loss(self, output, target, reduction="mean"):
        return mse_loss(output, target, reduction=reduction)

    def score(self, kept, target):
        return {"rmse": mse_loss(kept, target).sqrt()}


class Basket(nn.Module):
    """Embeds what was bought, and adds the sizes."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, width)
        self.head = nn.Sequential(nn.LazyLinear(width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, inputs):
        known = self.embed(inputs["ids"]).mean(dim=1)
        return self.head(torch.cat([known, inputs["sizes"]], dim=1)).squeeze(1)


CONFIGS = {
    "dataset/customers.yaml": f"""
_target_: {HERE}.Customers
number: 240
batch_size: 32
holdout: 0.25
validation: 0.25
limit: null
seed: 0
memory_limit: null
workers: 0
prepare: {{_target_: {HERE}.Scale}}
""",
    "objective/rmse.yaml": "val_rmse: minimize\n",
    "task/rmse.yaml": f"_target_: {HERE}.Regression\n",
    "search_space/basket.yaml": f"""
model:
  _target_: {HERE}.Basket
  width: {{_choice_: [4, 8, 16], _name_: width}}
""",
}
"""Options of one's own, by the file that they stand in."""
