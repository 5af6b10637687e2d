"""A network begins with the weights of another one, and computes what that does."""

from pathlib import Path

import pytest
import torch
from torch import nn

from evaluator import candidates
from nas_hydra.config.instantiation import instantiate
from nas_hydra.errors import CandidateError
from nas_hydra.evaluator.inheriting import inherit
from nas_hydra.evaluator.train import TrainEvaluator
from nas_hydra.trial import Course, Fidelity

SEQUENTIAL, RELU = "torch.nn.Sequential", {"_target_": "torch.nn.ReLU"}
IMAGES, ROWS = torch.randn(4, 1, 8, 8), torch.randn(4, 6)
TABLE = {"numbers": torch.randn(4, 3), "categories": torch.randint(3, (4, 2))}


def sequence(*parts):
    return {"_target_": SEQUENTIAL, "_args_": [*parts]}


def conv_net(*blocks):
    """Of (width, kernel) of each block; from the third on, images are too small for pooling."""
    made = [
        {
            "_target_": "nas_hydra.model.ConvBlock",
            **{"out_channels": width, "kernel_size": kernel, "pool": 2},
        }
        for width, kernel in blocks
    ]
    return sequence(*made, {"_target_": "nas_hydra.model.ClassifierHead", "num_classes": 5})


def linear(width, *after):
    return sequence({"_target_": "torch.nn.LazyLinear", "out_features": width}, *after)


def mlp(*widths, activation="ReLU"):
    act = {"_target_": f"torch.nn.{activation}"}
    last = {"_target_": "torch.nn.LazyLinear", "out_features": 5}
    return sequence(
        {"_target_": "torch.nn.Flatten"}, *(linear(width, act) for width in widths), last
    )


def tab_mlp(*widths, embedding=4, category=None):
    numbers = {
        "_target_": "nas_hydra.model.embedding.LinearEmbedding",
        **{"features": 3, "width": embedding},
    }
    table = {
        "_target_": "nas_hydra.model.tabular.FlatTable",
        **{"features": 3, "cardinalities": [3, 3], "category_width": category},
        "embedding": numbers if embedding else None,
    }
    head = {"_target_": "nas_hydra.model.heads.Head", "outputs": 2}
    return sequence(table, *(linear(width, RELU) for width in widths), head)


def resnet(*depths, width=4, block="basic"):
    return {
        "_target_": "nas_hydra.model.resnet.ResNet",
        **{"block": block, "depths": [*depths], "width": width},
        **{"in_channels": 1, "num_classes": 5},
    }


def built(model, inputs=IMAGES):
    network = instantiate(model)
    with torch.no_grad():
        network.eval()(inputs)
    return network.train()


def trained(model, inputs=IMAGES, seed=0):
    """A network as if it was trained: no weight and no statistic is as it was initialised."""
    torch.manual_seed(seed)
    network = built(model, inputs)
    with torch.no_grad():
        for name, one in [*network.named_parameters(), *network.named_buffers()]:
            if "running_var" in name:
                one.uniform_(0.5, 2)
            elif one.is_floating_point():
                one.add_(0.3 * torch.randn_like(one))
    return network


def heir(tmp_path: Path, parent, child, inputs=IMAGES):
    """The parent's network, that of its child, and the share that it inherits."""
    return handed(tmp_path, trained(parent, inputs), parent, child, inputs)


def handed(tmp_path: Path, known, parent, child, inputs=IMAGES):
    """The same of a network that is there."""
    file = tmp_path / "3.ckpt"
    torch.save({"state_dict": known.state_dict()}, file)
    course = Course(Fidelity(inherits=3), tmp_path / "4.ckpt", None, file, {"model": parent})
    network = built(child, inputs)
    share = inherit(network, course, lambda config: built(config["model"], inputs), inputs)
    return known, network, share


def difference(one, other, inputs):
    with torch.no_grad():
        wanted = other.eval()(inputs)
        return float((one.eval()(inputs) - wanted).abs().max() / wanted.abs().max())


BASE = conv_net((4, 3), (4, 5), (4, 3))
PRESERVED = {
    "the same": (BASE, BASE),
    "conv_net, wider": (BASE, conv_net((8, 3), (8, 5), (8, 3))),
    "conv_net, not a multiple": (BASE, conv_net((7, 3), (5, 5), (6, 3))),
    "conv_net, deeper": (BASE, conv_net((4, 3), (4, 5), (4, 3), (4, 7))),
    "conv_net, both": (BASE, conv_net((8, 3), (8, 5), (8, 3), (9, 7), (10, 5))),
    "conv_net, larger kernels": (BASE, conv_net((4, 5), (4, 7), (4, 7))),
    "mlp, wider": (mlp(6, 8), mlp(9, 16)),
    "mlp, deeper": (mlp(6, 8), mlp(6, 8, 8)),
    "mlp, deeper in the middle": (mlp(6, 8), mlp(6, 6, 8)),
    "mlp, both": (mlp(6, 8), mlp(12, 20, 24, 16)),
    "mlp of tanh, wider": (mlp(6, 8, activation="Tanh"), mlp(12, 9, activation="Tanh")),
    "resnet, wider": (resnet(1, 2, 1, 1), resnet(1, 2, 1, 1, width=6)),
    "resnet, deeper": (resnet(1, 2, 1, 1), resnet(2, 2, 1, 3)),
    "resnet, both": (resnet(1, 2, 1, 1), resnet(2, 4, 1, 1, width=8)),
    "bottlenecks, both": (
        resnet(1, 1, 1, 1, block="bottleneck"),
        resnet(2, 1, 2, 1, block="bottleneck", width=6),
    ),
    "tab_mlp, wider": (tab_mlp(6), tab_mlp(8)),
    "tab_mlp, deeper": (tab_mlp(6), tab_mlp(6, 6)),
    "tab_mlp, both": (tab_mlp(6, 6), tab_mlp(12, 16, 8)),
    "tab_mlp, wider vectors": (tab_mlp(6, category=4), tab_mlp(6, embedding=8, category=6)),
    "tab_mlp, as it is": (tab_mlp(6, embedding=None), tab_mlp(9, embedding=None)),
}


@pytest.mark.parametrize("name", PRESERVED)
def test_a_wider_or_deeper_network_computes_what_its_parent_does(name, tmp_path, caplog):
    caplog.set_level("DEBUG")
    parent, child = PRESERVED[name]
    inputs = TABLE if name.startswith("tab") else IMAGES
    known, network, share = heir(tmp_path, parent, child, inputs)
    assert network.training
    assert difference(network, known, inputs) < 1e-5
    assert 0 < share <= 1
    assert (share < 1) == any(word in name for word in ("deeper", "both", "kernels"))
    assert not caplog.messages


def test_a_narrower_network_keeps_the_channels_with_the_largest_weights(tmp_path, caplog):
    caplog.set_level("DEBUG")
    parent = trained(mlp(8))
    with torch.no_grad():
        for place in (0, 3, 4):
            parent[1][0].weight[place] *= 0.01
            parent[2].weight[:, place] *= 0.01
    known, network, share = handed(tmp_path, parent, mlp(8), mlp(5))
    assert torch.equal(network[1][0].weight, known[1][0].weight[[1, 2, 5, 6, 7]])
    assert torch.equal(network[2].weight, known[2].weight[:, [1, 2, 5, 6, 7]])
    assert share == 1
    assert "the function is another one" in caplog.text


def test_one_layer_more_shifts_no_other(tmp_path):
    """The new one stands in the middle, and each of the others has the weights that it had."""
    known, network, _ = heir(tmp_path, mlp(6, 8, 7), mlp(6, 6, 8, 7))
    pairs = {1: 1, 3: 2, 4: 3, 5: 4}
    for mine, its in pairs.items():
        (one, other) = (
            next(net[place].parameters()) for net, place in ((network, mine), (known, its))
        )
        assert torch.equal(one, other)
    assert torch.equal(network[2][0].weight, torch.eye(6))


def test_copies_do_not_stay_copies_in_training(tmp_path):
    _, network, _ = heir(tmp_path, mlp(6), mlp(12))
    first = network[1][0].weight
    assert torch.equal(first[:6], first[6:])
    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(IMAGES), torch.arange(4)).backward()
        optimizer.step()
    assert (first[:6] - first[6:]).abs().max() > 1e-3


def test_it_learns_as_its_parent_would_have(tmp_path):
    """Statistics of batch norms, and how many batches they have seen, are the parent's too."""
    known, network, _ = heir(tmp_path, BASE, conv_net((8, 3), (8, 5), (8, 3)))
    with torch.no_grad():
        assert torch.allclose(network.train()(IMAGES), known.train()(IMAGES), atol=1e-5)
    assert torch.equal(network[0].norm.num_batches_tracked, known[0].norm.num_batches_tracked)


class Tied(nn.Module):
    """Tokens to vectors and back, by one matrix."""

    def __init__(self, width, hidden):
        super().__init__()
        self.vectors = nn.Embedding(7, width)
        self.hidden = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width))
        self.last = nn.Linear(width, 7)
        self.last.weight = self.vectors.weight

    def forward(self, tokens):
        vectors = self.vectors(tokens)
        return self.last(vectors + self.hidden(vectors))


def test_tied_weights_stay_tied(tmp_path):
    inputs = torch.randint(7, (4, 5))
    name = f"{Tied.__module__}.Tied"
    parent, child = ({"_target_": name, "width": 4, "hidden": size} for size in (6, 9))
    known, network, share = heir(tmp_path, parent, child, inputs)
    assert network.last.weight is network.vectors.weight
    assert share == 1
    assert difference(network, known, inputs) < 1e-5


def test_a_constant_of_the_config_is_not_the_parents(tmp_path):
    """What a buffer holds that training does not change follows from the child's own config."""
    table = {"features": 3, "cardinalities": [3, 3], "category_width": 4}
    other = {**table, "cardinalities": [2, 4]}
    target = {"_target_": "nas_hydra.model.tabular.FlatTable"}
    parent, child = (
        {**tab_mlp(6), "_args_": [{**target, **one}, *tab_mlp(6)["_args_"][1:]]}
        for one in (table, other)
    )
    inputs = {**TABLE, "categories": torch.zeros(4, 2, dtype=torch.int64)}
    _, network, _ = heir(tmp_path, parent, child, inputs)
    assert network[0].layers["categories"].offsets.tolist() == [0, 2]


def test_what_has_no_counterpart_stays_as_it_was_initialised(tmp_path, caplog):
    caplog.set_level("DEBUG")
    known = trained(BASE)
    torch.manual_seed(1)
    fresh = built(mlp(6))
    torch.manual_seed(1)
    _, network, share = handed(tmp_path, known, BASE, mlp(6))
    assert share == 0
    for name, one in network.state_dict().items():
        assert torch.equal(one, fresh.state_dict()[name])
    assert "0 % of the weights are inherited" in caplog.text


@pytest.mark.parametrize(
    ("left", "reason"), [(None, "are gone"), (b"no checkpoint", "cannot be read")]
)
def test_without_its_parents_weights_a_trial_fails(left, reason, tmp_path):
    file = tmp_path / "3.ckpt"
    if left is not None:
        file.write_bytes(left)
    course = Course(Fidelity(inherits=3), tmp_path / "4.ckpt", None, file, {"model": BASE})
    with pytest.raises(CandidateError, match=f"the weights of trial 3, .*{reason}.*3.ckpt"):
        inherit(built(BASE), course, lambda config: built(config["model"]), IMAGES)


def digits(width):
    last = {"_target_": "torch.nn.LazyLinear", "out_features": 10}
    return sequence({"_target_": "torch.nn.Flatten"}, linear(width, RELU), last)


def test_a_training_begins_with_its_parents_weights(tmp_path):
    evaluator = TrainEvaluator(seed=0)
    still = {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.0}
    parent = candidates.candidate(model=digits(24))
    parent["trainer"]["max_epochs"] = 8
    child = candidates.candidate(model=digits(40), optimizer=still)
    known = evaluator.evaluate(parent, 0, tmp_path / "3.pt")
    assert known.metrics["val_acc"] > 0.6
    file = tmp_path / "3.ckpt"
    torch.save({"state_dict": torch.load(tmp_path / "3.pt", weights_only=True)}, file)
    course = Course(Fidelity(inherits=3), tmp_path / "4.ckpt", None, file, parent)
    found = evaluator.evaluate(child, 0, tmp_path / "4.pt", course)
    scratch = evaluator.evaluate(child, 0, tmp_path / "5.pt")
    assert found.inherited == 1
    assert found.metrics["val_acc"] == known.metrics["val_acc"]
    assert scratch.metrics["val_acc"] < 0.5
    assert (known.inherited, scratch.inherited) == (None, None)
