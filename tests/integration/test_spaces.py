"""Every space: its size, its networks, and searches on real images."""

import json
import re
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_module
from hydra.core.global_hydra import GlobalHydra
from hydra.utils import instantiate
from numpy.random import default_rng
from omegaconf import OmegaConf

from command import SMALL, nas_hydra, rows
from made import CONF, KINDS, OF_IMAGES, SPACES
from made import space_of as known_space
from nas_hydra.app.space import build_space
from nas_hydra.evaluator.prepared import Prepared
from nas_hydra.task.members import per_answer

SHAPES = {"digits": (1, 8, 8), "fashion_mnist": (1, 28, 28), "cifar10": (3, 32, 32)}

TINY = {
    "conv_net": ["width._choice_=[8]"],
    "darts": ["model.channels=4", "model.cells=3"],
    "fine_tune": ["side=32", "model.backbone._choice_=[mobilenet_v3_small]"],
    "mlp": [],
    "mobilenet": ["model.channels=[8,8,16,16]", "model.stem_channels=8"],
    "mobilenet_macro": ["model.channels=8", "model.features=32"],
    "nasbench101": ["model.channels=8", "model.stacks=2", "model.cells=1"],
    "nasbench201": ["model.channels=4", "model.cells=1"],
    "resnet": ["model.width._choice_=[8]"],
    "torchvision_models": [],
    "vit": ["model.width._choice_=[24]", "model.patch_size._choice_=[4,7]"],
}
"""What makes the candidates of a space small."""

CONNECTED = {
    "nasbench201": ["search_space.operations=[skip_connect,nor_conv_1x1,nor_conv_3x3,avg_pool_3x3]"]
}
"""What makes the output of every candidate depend on the input, where it else need not."""


def tiny(space):
    return [f"search_space.{override}" for override in TINY[space]]


def space_of(name, dataset, *overrides):
    GlobalHydra.instance().clear()
    with initialize_config_module("nas_hydra.conf", version_base="1.3"):
        chosen = [f"search_space={name}", f"dataset={dataset}", "+hydra={}"]
        return build_space(compose("config", [*chosen, *overrides]))


def comment(name):
    """The comment at the top of a space's file."""
    lines = (CONF / f"{name}.yaml").read_text().splitlines()
    return [line for line in lines if line.startswith("#")]


@pytest.mark.parametrize("name", SPACES)
def test_the_file_tells_the_exact_size(name, tmp_path):
    told = re.search(r"\(([\d,]+) candidates", comment(name)[0])
    assert int(told[1].replace(",", "")) == known_space(name, tmp_path, "fashion_mnist").size


@pytest.mark.parametrize("name", [name for name in SPACES if name != "conv_net"])
def test_the_file_cites_its_paper(name):
    assert re.search(r"\b(19|20)\d\d\b", " ".join(comment(name)[1:]))


@pytest.mark.parametrize(
    "dataset", ["digits", "cifar10", pytest.param("fashion_mnist", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("name", OF_IMAGES)
def test_candidates_are_networks_for_any_images(name, dataset):
    space = space_of(name, dataset, *tiny(name), *CONNECTED.get(name, []))
    images = torch.randn(3, *SHAPES[dataset], requires_grad=True)
    for seed in range(2):
        network = instantiate(space.close(space.sample(default_rng(seed)))["model"])
        logits = network(images)
        assert logits.shape == (3, 10)
        logits.square().sum().backward()
        assert images.grad.abs().max() > 0
        first = next(one for one in network.parameters() if one.requires_grad)
        assert first.grad.abs().max() > 0
        images.grad = None


@pytest.mark.parametrize("name", KINDS)
def test_candidates_are_networks_for_their_data(name, tmp_path):
    """Whatever is decided, the network takes a batch, and its loss has gradients."""
    space = known_space(name, tmp_path)
    for seed in range(3):
        one = Prepared(space.close(space.sample(default_rng(seed))), "search")
        inputs, target = one.example
        output = one.network().train()(inputs)
        loss = one.task.loss(output, per_answer(target, output))
        loss.backward()
        assert loss.isfinite()


@pytest.mark.parametrize("name", ["darts", "nasbench101", "nasbench201"])
def test_cells_are_encoded_at_one_length(name):
    space = space_of(name, "fashion_mnist")
    rng = default_rng(0)
    encode = space.hooks.encoder
    views = [encode(space.close(space.sample(rng))["model"]) for _ in range(20)]
    features = [[number for view in one.values() for number in view] for one in views]
    assert len({len(one) for one in features}) == 1
    assert len({tuple(one) for one in features}) > 10


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in ("conv_net", "nasbench201") else pytest.mark.long)
        for name in OF_IMAGES
    ],
)
def test_a_search_trains_on_real_images(name, fashion_mnist, monkeypatch):
    settings = (*SMALL, "budget.trials=2")
    where = ("dataset=fashion_mnist", f"dataset.root={fashion_mnist}", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *settings, *where, f"search_space={name}", *tiny(name)) == 0
    trials = json.loads(Path("run/summary.json").read_text())["trials"]
    assert (trials["complete"], trials["failed"]) == (2, 0)
    network = instantiate(OmegaConf.load("run/best.yaml").model)
    network.load_state_dict(torch.load("run/best.ckpt", weights_only=True))
    with torch.no_grad():
        assert network.eval()(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_cells_that_compute_the_same_are_trained_once(monkeypatch):
    """64 cells of copies and zeros, of which 8 are different."""
    settings = (
        "engine=serial",
        "tracker=none",
        "report=false",
        "dataset.limit=50",
        "trainer.max_epochs=1",
        "budget.trials=12",
    )
    space = ("search_space=nasbench201", "search_space.operations=[none,skip_connect]")
    run = (*settings, *space, *tiny("nasbench201"), "strategy=random", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *run) == 0
    summary = json.loads(Path("run/summary.json").read_text())
    assert summary["exhausted"]
    keys = {row["key"] for row in rows(Path("run"))}
    assert len(keys) == summary["trials"]["complete"] == 8
