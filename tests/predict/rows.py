"""Models of rows that files hold, and their folders, as ``nas-hydra-retrain`` writes them."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from omegaconf import OmegaConf
from torch import nn

from nas_hydra.dataset import Dataset
from nas_hydra.dataset.choosing import Whole
from nas_hydra.errors import ConfigError
from nas_hydra.task import Task

HERE = "predict.rows"


@dataclass(frozen=True, kw_only=True)
class Lines(Dataset, Whole):
    """Three numbers a line."""

    def open_all(self):
        raise AssertionError("a prediction needs none of the rows of the training")

    @classmethod
    def unlabelled(cls, settings, described, file):
        text = file.read_text() if isinstance(file, Path) else file.read()
        rows = [line.split(",") for line in text.splitlines()]
        if any(len(row) != 3 for row in rows):
            raise ConfigError("files", "a line has three numbers")
        numbers = [[float(cell) * described["factor"] for cell in row] for row in rows]
        return [str(place + 1) for place in range(len(rows))], torch.tensor(numbers)


class Plain(Task):
    """Whatever is given, as it is."""

    def loss(self, output, target, reduction="mean"):
        raise AssertionError("a prediction has no loss")


class Prices(Plain):
    """Numbers in thousands, told in ones."""

    takes = "number"

    def restored(self, facts):
        task = Prices()
        task.factor = facts["task"]["factor"]
        return task

    def last_layer(self):
        return Times(self.factor)


class Times(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, values):
        return values * self.factor


class Shares(Plain):
    """One of several classes."""

    takes = "class"

    def answer(self, output):
        return output.softmax(1)


class Labels(Plain):
    """Any of several labels."""

    takes = "labels"

    def answer(self, output):
        return output.sigmoid()


class Maps(Plain):
    """A class for each of many pixels."""

    def answer(self, output):
        return output.argmax(dim=1)


class Sums(nn.Module):
    """Each output is a sum of the three numbers, times its place."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(1.0, outputs + 1))

    def forward(self, rows):
        return rows.sum(1, keepdim=True) * self.weight


class TwoSums(nn.Module):
    def __init__(self, kind: int, price: int) -> None:
        super().__init__()
        self.kind, self.price = Sums(kind), Sums(price)

    def forward(self, rows):
        return {"kind": self.kind(rows), "price": self.price(rows)}


class Stripes(nn.Module):
    """Three classes in three columns of 16 by 12 pixels, in the order of the numbers."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(classes))

    def forward(self, rows):
        wide = (rows * self.weight)[:, :, None].repeat_interleave(4, dim=2).flatten(1)
        return torch.stack([-(wide - one).abs() for one in (0, 1, 2)], 1)[:, :, None].expand(
            -1, -1, 16, -1
        )


def model(folder: Path, task: str | dict, network: dict, classes=None, facts=None) -> None:
    """Write a model's folder."""
    task = {"_target_": f"{HERE}.{task}"} if isinstance(task, str) else task
    settings = {"batch_size": 2, "validation": 0.2, "holdout": 0.2, "limit": None, "seed": 0}
    config = {
        "model": {**network, "_target_": f"{HERE}.{network['_target_']}"},
        "dataset": {"_target_": f"{HERE}.Lines", **settings, "memory_limit": None, "workers": 0},
        "task": task,
    }
    described = {
        "inputs": {"dtype": "float32", "shape": [3]},
        "data": {"factor": 1},
        "source": {"run": "run", "trial": 0, "key": "abc"},
        "versions": {},
    }
    described |= {"classes": classes} if classes else {}
    described |= {"task": facts} if facts else {}
    folder.mkdir()
    OmegaConf.save(OmegaConf.create(config), folder / "best.yaml")
    kind = globals()[network["_target_"]]
    made = kind(**{name: value for name, value in network.items() if name != "_target_"})
    torch.save(made.state_dict(), folder / "model.ckpt")
    (folder / "model.json").write_text(json.dumps(described))
