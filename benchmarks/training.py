"""Three ways to train a candidate: the project's, a hand-written loop, and the usual one.

Each trains one of the same networks for one epoch on the same number of images, and validates it.
"""

import logging
import random
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_module
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset
from torchvision.datasets import FashionMNIST
from torchvision.transforms import Compose, Normalize, ToTensor

from nas_hydra.config.component import build
from nas_hydra.engine import Job
from nas_hydra.engine.processes import ProcessEngine
from nas_hydra.evaluator import Evaluator
from nas_hydra.objective import Objective
from nas_hydra.search_space import Genotype
from nas_hydra.trial import Proposal

warnings.filterwarnings("ignore", module="pytorch_lightning")  # advice on the usual way
logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)

BATCH = 128
MEAN, STD = 0.286, 0.353
SGD: Any = {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4, "nesterov": True}


class Shape(NamedTuple):
    """A network of ``conv_net``: the kernel of each block, and the width of all."""

    kernels: tuple[int, ...]
    width: int

    @property
    def name(self) -> str:
        """Blocks, kernels and width: ``2 x 3 x 8``, or ``4 x 7, 7, 7, 5 x 64``."""
        kernels = dict.fromkeys(self.kernels) if len({*self.kernels}) == 1 else self.kernels
        return f"{len(self.kernels)} x {', '.join(map(str, kernels))} x {self.width}"


NETWORKS = (Shape((3,) * 2, 8), Shape((5,) * 3, 16), Shape((3,) * 5, 32))
HEAVY = Shape((7, 7, 7, 5), 64)
WIDTHS, KERNELS, DEPTHS = (16, 32, 64), (3, 5, 7), (2, 3, 4, 5)
"""Of the default ``conv_net``."""


def drawn(rng: random.Random) -> Shape:
    """A random member of the default ``conv_net``."""
    depth, width = rng.choice(DEPTHS), rng.choice(WIDTHS)
    return Shape(tuple(rng.choice(KERNELS) for _ in range(depth)), width)


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Args:
        train: images.
        valid: images.
        repetitions: of every part.
        jobs: candidates per worker in one measurement of a pool.
        trials: candidates of the memory test.
    """

    train: int = 10_000
    valid: int = 2_000
    repetitions: int = 5
    jobs: int = 2
    trials: int = 200


QUICK = Scale(train=512, valid=128, repetitions=1, jobs=1, trials=4)


# --- the project ------------------------------------------------------------------------------


def composed(root: str, scale: Scale, *overrides: str) -> DictConfig:
    """The config as the command composes it."""
    total = scale.train + scale.valid
    data = ("dataset=fashion_mnist", f"dataset.root={root}", f"dataset.batch_size={BATCH}")
    split = (f"dataset.limit={total}", f"dataset.validation={scale.valid / total}")
    rest = (
        "dataset.download=false",
        "trainer.max_epochs=1",
        "optimizer=sgd",
        "scheduler=none",
        "engine=processes",
    )
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        return compose("config", ["engine=processes", *data, *split, *rest, *overrides])


def candidate(config: DictConfig, shape: Shape) -> dict[str, Any]:
    """The closed config of a network."""
    block = {"_target_": "nas_hydra.model.ConvBlock", "out_channels": shape.width, "pool": 2}
    blocks = [{**block, "kernel_size": kernel} for kernel in shape.kernels]
    head = {"_target_": "nas_hydra.model.ClassifierHead", "num_classes": 10}
    model = {"_target_": "torch.nn.Sequential", "_args_": [*blocks, head]}
    parts = ("dataset", "trainer", "optimizer", "scheduler")
    return {"model": model} | {
        part: OmegaConf.to_container(config[part], resolve=True) for part in parts
    }


def evaluator(config: DictConfig) -> Evaluator:
    """The default evaluator."""
    made: Evaluator = build(OmegaConf.to_container(config.evaluator, resolve=True), "evaluator")
    return made


def lightning(evaluator: Evaluator, closed: Mapping[str, Any], weights: Path) -> float:
    """Seconds of one evaluation in this process."""
    begin = perf_counter()
    evaluator.evaluate(closed, 0, weights)
    return perf_counter() - begin


@contextmanager
def pool(config: DictConfig, workers: int, **changes: Any) -> Iterator[ProcessEngine]:
    """The default engine with so many workers, on the config's data."""
    trains = evaluator(config)
    trains.check(candidate(config, NETWORKS[0]))  # loads the data, as a search does
    group = OmegaConf.to_container(config.engine, resolve=True) | {"workers": workers} | changes
    engine: ProcessEngine = build(group, "engine")
    engine.start(trains)
    try:
        yield engine
    finally:
        engine.shutdown()


def through(engine: ProcessEngine, candidates: Sequence[Mapping[str, Any]], folder: Path) -> float:
    """Seconds per candidate of an engine that has all of them to do."""
    objectives = [Objective("val_acc", "maximize")]
    jobs = [
        Job(
            objectives,
            Proposal(number, Genotype({}, ""), "random"),
            closed,
            0,
            folder / f"{number}",
        )
        for number, closed in enumerate(candidates)
    ]
    begin = perf_counter()
    for future in [engine.submit(job) for job in jobs]:
        if not future.result().complete:
            raise RuntimeError(future.result().error)
    return (perf_counter() - begin) / len(jobs)


def valid_batch(closed: Mapping[str, Any], device: str = "cpu") -> int:
    """How many images the project validates at a time."""
    batches = build(closed["dataset"], "dataset").valid_batches(torch.device(device))
    _, labels = next(iter(batches))
    return len(labels)


# --- a hand-written loop ----------------------------------------------------------------------


class Seconds(NamedTuple):
    """Of a candidate: all of it, and training and validation steps alone."""

    total: float
    steps: float


class Loop(NamedTuple):
    """Settings of the hand-written loop; ``batches`` cuts training and validation short."""

    valid_batch: int
    batches: int | None = None
    device: str = "cpu"
    layout: torch.memory_format = torch.channels_last
    bf16: bool = False


Data = tuple[Tensor, Tensor, Tensor, Tensor]


def network(shape: Shape, relu_first: bool = False) -> nn.Sequential:
    """What ``conv_net`` builds, in plain torch.

    Args:
        shape: which one.
        relu_first: as it is usually written; pooling first gives the same numbers sooner.
    """
    layers: list[nn.Module] = []
    channels, side = 1, 28
    for kernel in shape.kernels:
        conv = nn.Conv2d(channels, shape.width, kernel, padding=kernel // 2, bias=False)
        pooled = [nn.MaxPool2d(2), nn.ReLU()] if side > 1 else [nn.ReLU()]
        layers += [conv, nn.BatchNorm2d(shape.width), *pooled[:: -1 if relu_first else 1]]
        channels, side = shape.width, side // 2
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


@cache
def tensors(folder: str, train: int, valid: int, device: str) -> Data:
    """Training pixels and labels, validation pixels and labels."""
    images = FashionMNIST(folder)
    pixels = (images.data[: train + valid, None].float() / 255 - MEAN) / STD
    pixels = pixels.to(device, memory_format=torch.channels_last)
    labels = images.targets[: train + valid].to(device)
    return pixels[:train], labels[:train], pixels[train:], labels[train:]


def raw(folder: str, scale: Scale, shape: Shape, loop: Loop) -> Seconds:
    """Train and validate a network by hand, in this process."""
    data = tensors(folder, scale.train, scale.valid, loop.device)
    begin = perf_counter()
    model = network(shape).to(loop.device, memory_format=loop.layout)
    optimizer = torch.optim.SGD(model.parameters(), **SGD, fused=True)  # as conf/optimizer/sgd.yaml
    built = perf_counter()
    with torch.autocast(loop.device, torch.bfloat16, enabled=loop.bf16):
        steps(model, optimizer, data, loop)
    end = perf_counter()
    return Seconds(end - begin, end - built)


def steps(model: nn.Module, optimizer: torch.optim.Optimizer, data: Data, loop: Loop) -> float:
    """One epoch, and the validation accuracy after it."""
    images, labels, valid_images, valid_labels = data
    full = len(labels) // BATCH * BATCH
    model.train()
    order = torch.randperm(len(labels), device=loop.device)[:full]
    for index in order.split(BATCH)[: loop.batches]:
        loss = nn.functional.cross_entropy(model(images[index]), labels[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    right = torch.zeros((), device=loop.device)
    batches = zip(
        valid_images.split(loop.valid_batch), valid_labels.split(loop.valid_batch), strict=True
    )
    with torch.inference_mode():
        for some, truth in islice(batches, loop.batches):
            right += (model(some).argmax(1) == truth).sum()
    return right.item() / len(valid_labels)


# --- the usual way ----------------------------------------------------------------------------


class Usual(pl.LightningModule):
    """A classifier as tutorials write it."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def training_step(self, batch: Sequence[Tensor], index: int) -> Tensor:
        images, labels = batch
        loss = nn.functional.cross_entropy(self.model(images), labels)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: Sequence[Tensor], index: int) -> None:
        images, labels = batch
        logits = self.model(images)
        self.log("val_loss", nn.functional.cross_entropy(logits, labels))
        self.log("val_acc", (logits.argmax(1) == labels).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), **SGD)


@cache
def samples(folder: str) -> FashionMNIST:
    """The images, decoded one by one."""
    return FashionMNIST(folder, transform=Compose([ToTensor(), Normalize(MEAN, STD)]))


def usual(folder: str, scale: Scale, shape: Shape, loaders: int) -> float:
    """Seconds of a candidate: torchvision, DataLoader, and the Trainer as it comes."""
    images = samples(folder)
    begin = perf_counter()
    train = Subset(images, range(scale.train))
    valid = Subset(images, range(scale.train, scale.train + scale.valid))
    fork = "fork" if loaders else None  # Linux's usual way, though this process was spawned
    loader = partial(
        DataLoader, batch_size=BATCH, num_workers=loaders, multiprocessing_context=fork
    )
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    model = Usual(network(shape, relu_first=True))
    trainer.fit(model, loader(train, shuffle=True, drop_last=True), loader(valid))
    return perf_counter() - begin
