"""Parts of a training as users write them for themselves."""

from typing import Any, ClassVar

import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from nas_hydra.task.classification import Classification


class Hostile(Classification):
    """Learns every label but the true one; scores the share of images that are taken for a zero."""

    scores: ClassVar = {**Classification.scores, "zeros": "minimize"}

    def __init__(self, strength: float = 1.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.strength = strength

    def loss(self, output, target, reduction="mean"):
        return -self.strength * super().loss(output, target, reduction).clamp(max=3)

    def score(self, kept, target):
        return {**super().score(kept, target), "zeros": (kept == 0).double().mean()}


class Headstrong(Hostile):
    """Looks at images of the search, whatever it is for."""

    def bound(self, data):
        assert len(data.at("search").train)
        return super().bound(data)


def hostile(**settings) -> dict:
    return {"_target_": "evaluator.own.Hostile", **settings}


class Doubling(pl.Callback):
    """Changes the weights when the training is over."""

    def on_train_end(self, trainer, pl_module):
        with torch.no_grad():
            for weight in pl_module.parameters():
                weight.data = 2 * weight.data + 0.1


class Trained(pl.LightningModule):
    """Says itself how it is trained."""

    def __init__(self, lr: float = 0.1) -> None:
        super().__init__()
        self.lr, self.layer = lr, nn.Sequential(nn.Flatten(), nn.LazyLinear(10))

    def forward(self, images):
        return self.layer(images)

    def training_step(self, batch, index):
        return cross_entropy(self(batch[0]), batch[1])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), self.lr)
