"""What cannot fit into memory, or cannot work, is refused before anything is trained."""

import json
import math
import warnings

import psutil
import pytest
import torch
from hydra.utils import instantiate
from torch import nn
from torch.profiler import profile

from evaluator.candidates import candidate, convolutions, sequential
from nas_hydra.dataset.base import VALIDATED
from nas_hydra.engine.runtime import pinned
from nas_hydra.errors import CandidateError, ConfigError
from nas_hydra.evaluator.footprint import footprint, state_per_weight
from nas_hydra.evaluator.meta_network import MetaNetwork
from nas_hydra.evaluator.train import Gated, TrainEvaluator
from nas_hydra.evaluator.training import Training
from networks import meta, two

CPU = torch.device("cpu")
SGD = {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1, "momentum": 0.9}
ADAM = {"_target_": "torch.optim.Adam", "_partial_": True}
HUGE = sequential(
    {"_target_": "torch.nn.Flatten"}, {"_target_": "torch.nn.LazyLinear", "out_features": 10**10}
)
RESNET = {
    "_target_": "torchvision.models.resnet.ResNet",
    "block": {"_target_": "hydra.utils.get_class", "path": "torchvision.models.resnet.BasicBlock"},
    "layers": [1, 1, 1, 1],
    "num_classes": 10,
}
VIT = {
    "_target_": "torchvision.models.VisionTransformer",
    **{"image_size": 32, "patch_size": 4, "num_layers": 3, "num_heads": 4},
    **{"hidden_dim": 64, "mlp_dim": 128, "num_classes": 10},
}


class NeedsValues(nn.Module):
    """Reads a number out of a tensor as it is built, as stochastic depth often does."""

    def __init__(self) -> None:
        super().__init__()
        self.rates = [rate.item() for rate in torch.linspace(0, 0.1, 3)]
        self.linear = nn.Linear(64, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.linear(images.flatten(1))


class LooksAtValues(NeedsValues):
    """Reads one in its forward pass."""

    def __init__(self) -> None:
        with torch.device("cpu"):
            super().__init__()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images if images.sum().item() >= 0 else -images)


class Auxiliary(nn.Linear):
    """Gives more than logits while it is trained."""

    def forward(self, images: torch.Tensor) -> object:
        logits = super().forward(images.flatten(1))
        return (logits, logits) if self.training else logits


def named(target: type) -> dict:
    return {"_target_": f"{target.__module__}.{target.__qualname__}"}


def admit(limit: int | str | None = None, **changes) -> None:
    training = Training(seed=0)
    Gated(training, limit).admit(training.prepared(candidate(**changes)))


def predicted(model: dict, batch: tuple[int, ...], optimizer: dict = SGD):
    return footprint(MetaNetwork(model, two(*batch[1:])).bare, meta(*batch), optimizer)


def measured(model: dict, batch: tuple[int, ...]) -> float:
    """The most bytes that torch's allocator has given out at a time in training and validation.

    With one thread, as trials are trained: on some processors each needs memory of its own.
    """
    with pinned(threads=1), profile(profile_memory=True) as seen:
        network = instantiate(model, _convert_="all")
        images = torch.rand(batch)
        network(images[:2])
        optimizer = instantiate(SGD)(network.parameters())
        for _ in range(2):
            loss = nn.functional.cross_entropy(network(images), torch.zeros(batch[0]).long())
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        del loss
        network.eval()
        with torch.inference_mode():
            network(torch.rand(VALIDATED * batch[0], *batch[1:]))
    events = [e for e in seen.profiler.kineto_results.events() if e.name() == "[memory]"]
    live = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak


@pytest.mark.parametrize(
    ("model", "batch"),
    [
        (convolutions(4, 32), (64, 1, 28, 28)),
        (convolutions(1, 32), (64, 1, 28, 28)),
        (RESNET, (16, 3, 64, 64)),
        (VIT, (32, 3, 32, 32)),
    ],
    ids=["conv_net", "one layer", "resnet", "vit"],
)
def test_the_predicted_memory_is_near_the_measured_peak(model, batch):
    assert predicted(model, batch).bytes == pytest.approx(measured(model, batch), rel=0.3)


def test_the_figures_are_those_of_the_network():
    found = predicted(convolutions(2, 8), (16, 1, 8, 8))
    assert found.params == 8 * 9 + 16 + 8 * 8 * 9 + 16 + 8 * 10 + 10
    assert found.weights == 4 * found.params + 2 * (2 * 8 * 4 + 8)  # and statistics, a counter
    assert found.training == 2 * 4 * found.params  # gradients, momentum
    assert found.output.shape == (16, 10)


def test_activations_grow_with_the_batch_and_weights_do_not():
    small, large = (predicted(convolutions(3, 16), (size, 1, 28, 28)) for size in (8, 80))
    assert large.activations == pytest.approx(10 * small.activations, rel=1e-3)
    assert (large.weights, large.training) == (small.weights, small.training)


def test_the_optimizers_state_is_counted():
    plain = {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1}
    assert [state_per_weight(json.dumps(given)) for given in (plain, SGD)] == [0, 1]
    assert state_per_weight(json.dumps(ADAM)) == pytest.approx(2, abs=0.01)


def test_an_optimizer_that_cannot_be_tried_is_taken_for_adam():
    lbfgs = {"_target_": "torch.optim.LBFGS", "_partial_": True}
    assert state_per_weight(json.dumps(lbfgs)) == 2


def test_a_huge_candidate_is_refused_with_the_figures_and_without_memory():
    before = psutil.Process().memory_info().rss
    with pytest.raises(CandidateError) as caught:
        admit(model=HUGE)
    assert psutil.Process().memory_info().rss - before < 1e8
    for figure in ("5.84 TB of memory", "650,000,000,000 parameters", "batch size 16", "cpu has"):
        assert figure in str(caught.value)


def test_the_memory_limit_is_that_of_the_whole_process():
    used = psutil.Process().memory_info().rss
    admit(limit=used + 10**9)
    with pytest.raises(CandidateError, match=r"does not fit: .* under trial\.memory_limit"):
        admit(limit=used + 10**6, model=convolutions(3, 64))
    with pytest.raises(CandidateError, match="cpu has 0 B"):
        admit(limit="1MB")


def test_a_memory_limit_must_be_one():
    with pytest.raises(ConfigError, match=r"evaluator\.memory_limit: is 'much'; allowed: 2GB"):
        Gated(Training(seed=0), "much")


def test_what_fits_once_always_fits(monkeypatch):
    """Other workers' memory must not decide which candidates fail."""
    training = Training(seed=0)
    gate, one = Gated(training), training.prepared(candidate())
    gate.admit(one)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: pytest.fail("measured again"))
    gate.admit(one)


def test_another_output_is_refused():
    flat = sequential({"_target_": "torch.nn.Flatten"})
    with pytest.raises(CandidateError, match=r"shape \(16, 64\) for 16 images; \(16, 10\)"):
        admit(model=flat)
    with pytest.raises(CandidateError, match="in training, the model returns a tuple"):
        admit(model={**named(Auxiliary), "in_features": 64, "out_features": 10})


@pytest.mark.parametrize("network", [NeedsValues, LooksAtValues])
def test_a_network_that_needs_values_passes_and_is_trained(network, tmp_path):
    admit(model=named(network))
    found = TrainEvaluator(seed=0).evaluate(
        candidate(model=named(network)), 0, tmp_path / "weights.ckpt"
    )
    assert math.isfinite(found.metrics["val_loss"])


def test_batch_normalisation_of_other_channels_is_found():
    model = sequential(
        {"_target_": "torch.nn.Conv2d", "in_channels": 1, "out_channels": 4, "kernel_size": 1},
        {"_target_": "torch.nn.BatchNorm2d", "num_features": 8},
    )
    with pytest.raises(CandidateError, match=r"layer '1' \(BatchNorm2d\)"):
        _ = MetaNetwork(model, two(1, 8, 8)).flops


def test_nothing_of_a_refused_candidate_is_trained(tmp_path):
    weights = tmp_path / "weights.ckpt"
    with pytest.raises(CandidateError, match="does not fit"):
        TrainEvaluator(seed=0).evaluate(candidate(model=HUGE), 0, weights)
    assert not weights.exists()


def test_global_settings_are_left_as_they_were():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    admit()
    assert torch.equal(torch.rand(1), expected)
    assert torch.empty(1).device == CPU
    assert torch.is_grad_enabled()


class Pretrained(nn.Linear):
    """A network that loads weights when it is built, and has something to say of it."""

    def __init__(self, classes: int) -> None:
        super().__init__(64, classes)
        with torch.device("cpu"):
            known = nn.Linear(64, classes).state_dict()
        self.load_state_dict(known)
        warnings.warn("the weights are old", stacklevel=1)


def test_weights_that_a_network_loads_are_no_news_and_count():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        own = {"_target_": f"{__name__}.Pretrained", "classes": 10}
        sketch = MetaNetwork(sequential({"_target_": "torch.nn.Flatten"}, own), two(1, 8, 8))
        assert sketch.params == 65 * 10
    assert [str(one.message) for one in said] == ["the weights are old"]
