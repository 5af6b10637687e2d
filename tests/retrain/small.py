"""Real rows of scikit-learn's as tables, series and texts, in the form that datasets give them."""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from torch import nn
from torch.nn.functional import mse_loss

from nas_hydra.dataset import Dataset
from nas_hydra.dataset.choosing import Whole
from nas_hydra.dataset.prepare import Prepare
from nas_hydra.task import Task

HERE = "retrain.small"


class Held:
    """Rows in memory: a source."""

    def __init__(self, inputs, target):
        self.inputs, self.target = inputs, target

    def __getitem__(self, index):
        if isinstance(self.inputs, dict):
            return {name: part[index] for name, part in self.inputs.items()}
        return self.inputs[index]


def cancer():
    """Numbers with holes in them, and one of them in ten steps as a category."""
    numbers, target = load_breast_cancer(return_X_y=True)
    numbers = torch.tensor(numbers, dtype=torch.float32)
    codes = (numbers[:, 0].argsort().argsort() * 10 // len(numbers))[:, None]
    numbers[::7, 3] = torch.nan
    return Held({"numbers": numbers, "categories": codes}, torch.tensor(target))


def diabetes():
    """Numbers, and a number to tell."""
    numbers, target = load_diabetes(return_X_y=True)
    numbers = torch.tensor(numbers, dtype=torch.float32)
    return Held({"numbers": numbers}, torch.tensor(target, dtype=torch.float32))


def strokes():
    """Digits read line by line, as series of eight channels."""
    pixels, target = load_digits(return_X_y=True)
    series = torch.tensor(pixels[:600], dtype=torch.float32).view(-1, 8, 8)
    return Held(series, torch.tensor(target[:600]))


def words():
    """Ids of the bright pixels of digits, padded with 0: which words, and not where, tells it."""
    pixels, target = load_digits(return_X_y=True)
    ids = torch.arange(1, 65) * torch.tensor(pixels[:600] > 8)
    return Held(ids.sort(descending=True).values[:, :40], torch.tensor(target[:600]))


@dataclass(frozen=True)
class Filled(Prepare):
    """Zeros where a number is missing, and all of them standardised."""

    def fit(self, parts):
        parts = [part["numbers"] for part in parts]
        numbers = torch.cat(parts).double()
        mean = numbers.nanmean(dim=0)
        std = (numbers - mean).square().nanmean(dim=0).sqrt()
        return Filling(mean.float(), std.float())


class Filling(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, inputs):
        numbers = ((inputs["numbers"] - self.mean) / self.std).nan_to_num()
        return {**inputs, "numbers": numbers}


@dataclass(frozen=True, kw_only=True)
class Small(Dataset, Whole):
    source: str
    num_classes: int | None = None

    def open_all(self):
        return globals()[self.source]()


class Numbers(Task):
    """Squared error of a target that is scaled within, as networks are trained best."""

    scores = {"rmse": "minimize"}  # noqa: RUF012
    takes = "number"
    mean, std = 150.0, 80.0

    def loss(self, output, target, reduction="mean"):
        return mse_loss(output[:, 0], (target - self.mean) / self.std, reduction=reduction)

    def kept(self, output):
        return output[:, 0] * self.std + self.mean

    def score(self, kept, target):
        return {"rmse": mse_loss(kept, target).sqrt()}

    def output_of(self, numbers):
        return (numbers - self.mean) / self.std


class Flat(nn.Module):
    """A linear network for whatever is given."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.layer = nn.LazyLinear(outputs)

    def forward(self, inputs):
        parts = list(inputs.values()) if isinstance(inputs, dict) else [inputs]
        return self.layer(torch.cat([part.flatten(1).float() for part in parts], dim=1))


def config(source: str, classes: int | None = None) -> dict:
    """A closed config of a network for one of these; numbers are told if there are no classes."""
    known = {"holdout": 0.25, "validation": 0.25, "limit": None, "seed": 0, "batch_size": 32}
    table = source in ("cancer", "diabetes")
    return {
        "model": {"_target_": f"{HERE}.Flat", "outputs": classes or 1},
        "dataset": {
            "_target_": f"{HERE}.Small",
            "source": source,
            "num_classes": classes,
            **known,
            **{"memory_limit": None, "workers": 0},
            **({"prepare": {"_target_": f"{HERE}.Filled"}} if table else {}),
        },
        "task": {
            "_target_": "nas_hydra.task.classification.Classification"
            if classes
            else f"{HERE}.Numbers"
        },
    }
