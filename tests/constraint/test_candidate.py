"""Candidates are counted right, and without memory."""

import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import torch
import torchvision
from numpy.random import default_rng
from torch import nn

from command import SMALL, nas_hydra, rows
from made import KINDS, OF_IMAGES, space_of
from nas_hydra.constraint import Candidate, MaxParams
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.base import seeded
from nas_hydra.evaluator.build import count_parameters
from nas_hydra.evaluator.footprint import footprint
from nas_hydra.evaluator.meta_network import MetaNetwork, operations
from nas_hydra.evaluator.prepared import Prepared
from networks import built, meta, two

HEAD = {"_target_": "torch.nn.LazyLinear", "out_features": 10}


def candidate(model: dict, *shape: int) -> Candidate:
    dataset = {"input_shape": list(shape or (3, 224, 224)), "num_classes": 10}
    return Candidate({"model": model, "dataset": dataset})


def known(name: str) -> dict:
    """What torchvision itself says of a network; its operations are multiply-accumulates."""
    return next(iter(torchvision.models.get_model_weights(name))).meta


def sequential(*layers: dict) -> dict:
    return {"_target_": "torch.nn.Sequential", "_args_": list(layers)}


@pytest.mark.parametrize(
    "name", ["resnet18", "resnext50_32x4d", "mobilenet_v2", "vit_b_16", "swin_t", "densenet121"]
)
def test_counts_are_those_that_torchvision_publishes(name):
    found = candidate({"_target_": f"torchvision.models.{name}"})
    assert found.params == known(name)["num_params"]
    assert found.flops / 2e9 == pytest.approx(known(name)["_ops"], abs=6e-4)


def test_resnet18():
    """11.69 million parameters and 1.8 billion multiply-accumulates (He et al. 2016)."""
    found = candidate({"_target_": "torchvision.models.resnet18"})
    assert found.params == 11_689_512
    assert found.flops == 2 * 1_814_073_344


def test_lazy_layers_are_made_and_counted():
    convolution = {"_target_": "torch.nn.LazyConv2d", "out_channels": 4, "kernel_size": 3}
    found = candidate(sequential(convolution, {"_target_": "torch.nn.Flatten"}, HEAD), 1, 8, 8)
    assert found.params == 4 * 9 + 4 + 4 * 36 * 10 + 10
    assert found.flops == 2 * (4 * 9 * 36 + 4 * 36 * 10)  # biases are added inside, for nothing


def test_frozen_parameters_do_not_count():
    class Frozen(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 10)
            self.weight.requires_grad_(False)

    globals()["Frozen"] = Frozen
    assert candidate({"_target_": f"{__name__}.Frozen"}, 1, 1, 4).params == 10


def test_tensors_made_in_the_forward_pass_follow_the_network():
    assert candidate({"_target_": f"{__name__}.Positions"}, 1, 4, 4).flops == 2 * 16 * 10


class Positions(nn.Module):
    """Makes a tensor where torch's default device is."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(16, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.linear(images.flatten(1) + torch.arange(16))


def test_a_network_far_larger_than_memory_is_counted():
    """10 ** 11 parameters would take 400 GB."""
    huge = sequential({"_target_": "torch.nn.Flatten"}, {**HEAD, "out_features": 10**10})
    found = candidate(huge, 1, 3, 3)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert found.params == 10 * 10**10
    assert found.flops == 2 * 9 * 10**10
    assert {parameter.device.type for parameter in found.model.parameters()} == {"meta"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_counting_the_largest_cell_of_nasbench201_takes_milliseconds():
    """Its published number of parameters; 30 ms on an idle machine."""
    edges = ("0_1", "0_2", "1_2", "0_3", "1_3", "2_3")
    network = {
        "_target_": "nas_hydra.model.nasbench201.NasBench201",
        "cell": {f"edge_{edge}": "nor_conv_3x3" for edge in edges},
        "channels": 16,
        "cells": 5,
        "in_channels": 3,
        "num_classes": 10,
    }
    times = []
    for _ in range(5):
        started = time.perf_counter()
        assert candidate(network, 3, 32, 32).params == 1_531_546
        times.append(time.perf_counter() - started)
    assert min(times) < 0.2


def test_global_settings_are_left_as_they_were():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    assert candidate({"_target_": "torchvision.models.resnet18"}).flops
    assert torch.equal(torch.rand(1), expected)
    assert torch.empty(1).device.type == "cpu"


def test_the_network_is_built_once():
    found = candidate(sequential(HEAD), 1, 2, 2)
    assert found.model is found.model


def test_dataset_is_told():
    found = candidate(HEAD, 1, 8, 8)
    assert (found.input_shape, found.num_classes) == ((1, 8, 8), 10)
    with pytest.raises(ConfigError, match=r"dataset\.input_shape: is missing"):
        _ = Candidate({"model": HEAD, "dataset": {}}).flops


def test_a_network_that_cannot_work_says_so():
    broken = sequential({"_target_": "torch.nn.Linear", "in_features": 3, "out_features": 4})
    assert candidate(broken, 1, 8, 8).params == 16
    with pytest.raises(CandidateError, match=r"layer '0' \(Linear\) on an input of .*\(2, 1, 8, 8"):
        _ = candidate(broken, 1, 8, 8).flops
    with pytest.raises(CandidateError, match=r"Linear: .*'out_features'"):
        _ = candidate({"_target_": "torch.nn.Linear", "in_features": 3}).params


def test_torch_is_not_imported_before_a_network_is_asked_for():
    code = (
        "import sys; from nas_hydra.constraint.rules import *;"
        "config = {'model': {}, 'dataset': {}};"
        "one = {'_target_': 'nas_hydra.constraint.Divisible', 'number': 6, 'by': 4};"
        "print(ConstraintChecker()(config, [one]), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# ------------------------------------------------------------- one count, whoever counts


class Growing(nn.Module):
    """Makes its head in the first pass, for as many numbers as the images have."""

    def __init__(self, inner: bool = False) -> None:
        super().__init__()
        self.head: nn.Module | None = None
        self.body = Growing() if inner else nn.Identity()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        flat = self.body(images).flatten(1)
        if self.head is None:
            self.head = nn.Linear(flat.shape[1], 10)
        return self.head(flat)


class Measuring(nn.Module):
    """Passes an empty image through itself to know its size; as many write it."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.body = nn.Conv2d(channels, 3, 3)
        self.head = nn.Linear(self.body(torch.zeros(1, channels, height, width)).numel(), 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(images).flatten(1))


class Valued(nn.Module):
    """Takes values to be built: a size that is computed with tensors."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.head = nn.Linear(int(torch.tensor(shape).prod()), 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(images.flatten(1))


class Branching(Growing):
    """Takes values to be passed through."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images if images.sum() < 1 else -images)


class Tied(nn.Module):
    """One weight in two layers, a frozen one, a lazy buffer, and a weight of no use."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.LazyLinear(64), nn.Linear(64, 64)
        self.norm = nn.LazyBatchNorm1d()
        self.frozen, self.head = nn.Linear(64, 64), nn.Linear(64, 10)
        self.again = self.head
        self.frozen.requires_grad_(False)
        self.frozen.weight = self.other.weight
        self.unused = nn.Parameter(torch.zeros(7))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.again(self.frozen(self.other(self.norm(self.one(images.flatten(1))))))


ODD = {
    "growing": {"_target_": f"{__name__}.Growing"},
    "growing twice": {"_target_": f"{__name__}.Growing", "inner": True},
    "growing within": sequential({"_target_": f"{__name__}.Growing", "inner": True}),
    "measuring": {"_target_": f"{__name__}.Measuring", "channels": 1, "height": 8, "width": 8},
    "valued": {"_target_": f"{__name__}.Valued", "_args_": [1, 8, 8]},
    "branching": {"_target_": f"{__name__}.Branching"},
    "tied": {"_target_": f"{__name__}.Tied"},
    "freezing": {"_target_": f"{__name__}.Freezing"},
}
OPTIMIZER = {"_target_": "torch.optim.SGD", "lr": 0.1}


class Freezing(Growing):
    """Grows, and is frozen by its first pass but for its bias."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = super().forward(images)
        self.head.weight.requires_grad_(False)
        return logits


def check_counts(model: dict, shape: tuple[int, ...]) -> None:
    """Whoever tells the size of a network tells that of the one that is trained."""
    with seeded(0):
        trained = built(model, shape)
    told = MetaNetwork(model, two(*shape))
    assert candidate(model, *shape).params == told.params == count_parameters(trained)
    assert candidate(model, *shape).flops == told.flops == operations(trained, two(*shape))
    assert MaxParams(told.params)(candidate(model, *shape))
    assert not MaxParams(told.params - 1)(candidate(model, *shape))
    with suppress(CandidateError):
        needed = footprint(MetaNetwork(model, two(*shape)).bare, meta(2, *shape), OPTIMIZER)
        assert needed.output is None or needed.params == told.params


@pytest.mark.parametrize("name", ODD)
def test_odd_networks_are_counted_as_they_are_trained(name):
    check_counts(ODD[name], (1, 8, 8))


@pytest.mark.parametrize("name", OF_IMAGES)
def test_candidates_of_every_space_are_counted_as_they_are_trained(name, tmp_path):
    space = space_of(name, tmp_path, "cifar10")
    check_counts(space.close(space.sample(default_rng(0)))["model"], (3, 32, 32))


@pytest.mark.parametrize("name", KINDS)
def test_candidates_for_other_data_are_counted_as_they_are_trained(name, tmp_path):
    space = space_of(name, tmp_path)
    closed = space.close(space.sample(default_rng(0)))
    one = Prepared(closed, "search")
    with seeded(0):
        trained = one.network()
    assert Candidate(closed).params == count_parameters(trained)
    assert Candidate(closed).flops == operations(trained, one.example.inputs)


def test_what_a_network_is_trained_with_is_what_its_constraint_has_counted(tmp_path, monkeypatch):
    """A head that is made in the first pass counts: 650 parameters do not pass a limit of 600."""
    monkeypatch.chdir(tmp_path)
    words = (*SMALL, "dataset=digits", "search_space=mlp", "budget.trials=1", "hydra.run.dir=run")
    model = f"search_space.model={{_target_: {__name__}.Growing}}"
    limit = "+search_space.constraints=[{_target_: nas_hydra.constraint.MaxParams, limit: %s}]"
    plain = (*words, "~search_space.activation", "~search_space.model", f"+{model}")
    assert nas_hydra(monkeypatch, *plain, limit % 649) == 2
    assert nas_hydra(monkeypatch, *plain, limit % 650) == 0
    assert rows(Path("run"))[0]["params"] == "650.0"


@pytest.mark.parametrize("shape", [[64], [8, 8], [1, 8, 8, 1], "1,8,8", 64])
def test_a_shape_of_no_images_is_a_mistake(shape):
    given = Candidate({"model": ODD["growing"], "dataset": {"input_shape": shape}})
    with pytest.raises(ConfigError, match=r"dataset\.input_shape: is .*allowed: \[channels, heig"):
        _ = given.params
