"""Parts of a training as users write them for themselves."""

import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from nas_hydra.evaluator.classifier import Classifier
from nas_hydra.evaluator.train import TrainEvaluator


class Hostile(Classifier):
    """Learns every label but the true one."""

    def training_step(self, batch, index):
        images, labels = batch
        loss = -cross_entropy(self.model(images), labels).clamp(max=3)
        self._trained += 1
        self._losses.append(loss.detach())
        return loss


class HostileEvaluator(TrainEvaluator):
    """Has a loss and a metric of its own: the share of images that are taken for a zero."""

    def __init__(self, strength: float = 1.0, **settings) -> None:
        super().__init__(**settings)
        self.strength = strength

    @property
    def metrics(self):
        return [*super().metrics, "val_zeros"]

    def _module(self, candidate, dataset):
        made = super()._module(candidate, dataset)
        how = made.make_optimizer, made.schedule
        return Hostile(made.model, dataset.num_classes, *how, dataset.augment)

    def _fit(self, trainer, module, dataset, seed, parts):
        measured = super()._fit(trainer, module, dataset, seed, parts)
        with torch.no_grad():
            measured_on = dataset.test_batches() or dataset.valid_batches()
            taken = torch.cat([module.model(images) for images, _ in measured_on]).argmax(1)
        return {**measured, "val_zeros": (taken == 0).double().mean().item()}


class Headstrong(HostileEvaluator):
    """Measures on images that it opens itself."""

    def _fit(self, trainer, module, dataset, seed, parts):
        return super()._fit(trainer, module, dataset.at("search"), seed, parts)


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
