"""What each kind of open value means, by example."""

import math
from pathlib import Path

import numpy as np
import pytest
from omegaconf import OmegaConf

from nas_hydra.search_space import PARTS, SearchSpace
from search_space.spaces import every_genotype, model_of, space_of

CONF = Path(__file__).parents[2] / "conf"
LR = {"_float_": {"low": 1e-4, "high": 1e-1, "log": True}}


def names(space):
    return [gene.name for gene in space.genes]


def models(space):
    return [space.close(genotype)["model"] for genotype in every_genotype(space)]


@pytest.fixture
def conv_net():
    stubs = {part: {} for part in PARTS if part not in ("model", "dataset")}
    config = OmegaConf.create({**stubs, "dataset": {"num_classes": 10}})
    config.search_space = OmegaConf.load(CONF / "search_space" / "conv_net.yaml")
    return SearchSpace(config)


def test_conv_net_has_the_documented_size(conv_net):
    assert conv_net.size == 3 * (3**2 + 3**3 + 3**4 + 3**5) == 1080
    assert sum(1 for _ in every_genotype(conv_net)) == 1080


def test_conv_net_closes_to_a_plain_config(conv_net):
    kernels = {"kernel_size[0]": 3, "kernel_size[1]": 7}
    closed = conv_net.close({"depth": 2, "width": 32, **kernels})
    assert list(closed) == list(PARTS)
    first, second, head = closed["model"]["_args_"]
    assert first == {
        "_target_": "nas_hydra.model.ConvBlock", "out_channels": 32, "kernel_size": 3, "pool": 2
    }  # fmt: skip
    assert second["out_channels"] == 32
    assert second["kernel_size"] == 7
    assert head == {"_target_": "nas_hydra.model.ClassifierHead", "num_classes": 10}


def test_copies_number_their_genes(conv_net):
    assert names(conv_net) == ["depth", "width", *(f"kernel_size[{copy}]" for copy in range(5))]


def test_interpolation_is_one_decision():
    space = space_of(
        "width: {_choice_: [1, 2]}\n"
        "model: {a: '${search_space.width}', b: '${..width}', c: ['${ search_space.width }']}"
    )
    assert names(space) == ["search_space.width"]
    assert models(space) == [{"a": n, "b": n, "c": [n]} for n in (1, 2)]


def test_reference_inside_a_block_stays_in_its_copy():
    space = model_of("[{_repeat_: 2, _block_: {a: {_choice_: [1, 2]}, b: '${.a}'}}]")
    assert names(space) == ["search_space.model.0[0].a", "search_space.model.0[1].a"]
    assert {"a": 1, "b": 2} not in [block for model in models(space) for block in model]
    assert space.size == 4


def test_reference_to_a_part_of_a_choice_activates_that_part_only():
    space = space_of(
        {
            "preset": {
                "_choice_": [
                    {"n": 1, "wd": {"_choice_": [1, 2]}},
                    {"n": {"_int_": {"low": 5, "high": 7}}, "wd": {"_choice_": [3, 4]}},
                ]
            },
            "model": {"n": "${search_space.preset.n}", "layers": [{"_repeat_": 1, "_block_": 0}]},
        }
    )
    assert space.size == 1 + 3
    assert not any("wd" in name for name in names(space))
    assert [model["n"] for model in models(space)] == [1, 5, 6, 7]


def test_a_preset_can_say_how_often_a_block_is_repeated():
    space = space_of(
        "preset: {_choice_: [{depth: 1, width: 8}, {depth: 3, width: {_choice_: [2, 4]}}]}\n"
        "model: {w: '${search_space.preset.width}', layers:"
        " [{_repeat_: '${search_space.preset.depth}', _block_: {_choice_: [a, b]}}]}"
    )
    assert space.size == 2 + 2 * 2**3
    assert sum(1 for _ in every_genotype(space)) == space.size


def test_conditional_choice_is_active_only_when_taken():
    space = model_of(
        "{_name_: kind, _choice_:"
        " {plain: 1, deep: {depth: {_name_: depth, _int_: {low: 2, high: 4}}}}}"
    )
    assert dict(space.genotype({"kind": "plain"})) == {"kind": "plain"}
    assert space.close({"kind": "deep", "depth": 3})["model"] == {"depth": 3}
    assert names(space) == ["kind", "depth"]
    assert space.size == 4


def test_shared_copies_decide_once():
    space = model_of("[{_repeat_: 3, _share_: true, _block_: {k: {_choice_: [3, 5], _name_: k}}}]")
    assert names(space) == ["k"]
    assert models(space) == [[{"k": n}] * 3 for n in (3, 5)]


def test_no_copies_no_genes():
    space = model_of(
        "[{_repeat_: {_int_: {low: 0, high: 1}, _name_: n}, _block_: {_choice_: [a, b]}}]"
    )
    assert models(space) == [[], ["a"], ["b"]]
    assert names(model_of("[{_repeat_: 0, _share_: true, _block_: {_choice_: [a, b]}}, 1]")) == []


def test_name_beside_repeat_names_the_count():
    space = model_of("[{_repeat_: {_int_: {low: 1, high: 2}}, _name_: depth, _block_: x}]")
    assert names(space) == ["depth"]


def test_nested_blocks_number_every_level():
    inner = "[{_repeat_: 2, _block_: {_choice_: [1, 2], _name_: k}}]"
    space = model_of(f"[{{_repeat_: 2, _block_: {inner}}}]")
    assert names(space) == ["k[0][0]", "k[0][1]", "k[1][0]", "k[1][1]"]


def test_a_reference_to_the_number_of_copies():
    space = model_of(
        "{n: '${.layers.0._repeat_}', layers: [{_repeat_: {_int_: {low: 1, high: 3}}, _block_: x}]}"
    )
    assert [(model["n"], len(model["layers"])) for model in models(space)] == [
        (1, 1),
        (2, 2),
        (3, 3),
    ]


def test_any_part_can_be_opened():
    space = space_of(
        {"model": {}},
        optimizer={"lr": LR},
        scheduler={"step_size": {"_int_": {"low": 1, "high": 3}}},
        trainer={"max_epochs": {"_choice_": [5, 10]}, "devices": 1},
        dataset={"batch_size": "${trainer.max_epochs}"},
    )
    assert names(space) == ["optimizer.lr", "scheduler.step_size", "trainer.max_epochs"]
    closed = space.close(space.sample(np.random.default_rng(0)))
    assert 1e-4 <= closed["optimizer"]["lr"] <= 1e-1
    assert closed["trainer"]["devices"] == 1
    assert closed["dataset"]["batch_size"] == closed["trainer"]["max_epochs"]


def test_expressions_around_open_values():
    space = space_of(
        {
            "a": {"_choice_": [1, 2]},
            "b": 3,
            "model": {
                "text": "${search_space.a}x${search_space.b}",
                "call": "${oc.decode:'[${..a}]'}",
            },
        }
    )
    assert models(space) == [{"text": "1x3", "call": [1]}, {"text": "2x3", "call": [2]}]


def test_constant_references_are_resolved_however_written():
    space = space_of(
        {
            "odd.key": "${search_space.names.${search_space.which}}",
            "names": {"one": 1},
            "which": "one",
            "list": [4, {"x": 5}],
            "model": {
                "a.b": "${search_space.which}!",
                "c": "${search_space[list][1].x}",
                "d": {7: "${...which}"},
            },
        }
    )
    assert models(space) == [{"a.b": "one!", "c": 5, "d": {7: "one"}}]


def test_escaped_interpolation_stays_escaped():
    closed = models(model_of(r"{a: '\${b}', c: {_choice_: [1]}}"))[0]
    assert OmegaConf.create(closed).a == "${b}"


def test_bounds_and_options_can_refer_to_constants():
    space = space_of(
        "most: 3\nwidths: [8, 16]\nmodel: {n: {_int_: {low: 1, high: '${search_space.most}'}},"
        " w: {_choice_: '${search_space.widths}'}, v: {_choice_: ['${search_space.most}', 4]}}"
    )
    assert [gene.allowed for gene in space.genes] == [
        "a whole number from 1 to 3",
        "one of 8, 16",
        "one of 3, 4",
    ]


def test_options_are_labelled_by_what_they_build():
    space = model_of(
        "{_choice_: [{_target_: torch.nn.ReLU}, {_target_: a.Conv, k: 3}, {_target_: a.Conv, k: 5},"
        " null, [1, 2], relu]}"
    )
    labels = ("ReLU", "Conv(k=3)", "Conv(k=5)", None, "[1, 2]", "relu")
    assert space.genes[0].labels == labels


def test_options_that_read_alike_are_numbered():
    space = model_of("{_choice_: [{_target_: C, a: [1]}, {_target_: C, a: [2]}]}")
    assert space.genes[0].labels == ("C() #0", "C() #1")


def test_named_options():
    space = model_of("{_choice_: {small: {n: 1}, large: {n: 9}}}")
    assert space.close({"search_space.model": "large"})["model"] == {"n": 9}


def test_not_a_number_can_be_chosen():
    space = model_of("{_choice_: [.nan, 1.0]}")
    assert {str(model) for model in models(space)} == {"nan", "1.0"}


def test_different_decisions_that_build_the_same_have_the_same_key():
    space = model_of(
        "{_name_: kind, _choice_: {a: {x: 1, y: 2}, b: {y: 2, x: 1}, c: {x: 1.0, y: 2}}}"
    )
    key = {kind: space.genotype({"kind": kind}).key for kind in "abc"}
    assert key["a"] == key["b"] != key["c"]


def test_astronomical_size_is_exact():
    layer = "{op: {_choice_: [a, b, c, d, e, f, g]}, width: {_int_: {low: 1, high: 100}}}"
    space = model_of(f"[{{_repeat_: {{_int_: {{low: 19, high: 20}}}}, _block_: {layer}}}]")
    assert space.size == 700**19 + 700**20 > 10**30
    shared = space_of(
        "n: {_int_: {low: 1, high: 40}}\nw: {_choice_: [1, 2, 3]}\n"
        "model: [{_repeat_: '${search_space.n}',"
        " _block_: {w: '${search_space.w}', k: {_choice_: [3, 5]}}},"
        " {_repeat_: '${search_space.n}', _block_: {_choice_: [x, y, z]}}]"
    )
    assert shared.size == 3 * sum(6**n for n in range(1, 41)) > 10**30


def test_a_part_that_is_shared_beside_its_whole_counts_once():
    space = space_of(
        "whole: {part: {_choice_: [1, 2]}, rest: {_choice_: [3, 4, 5]}}\n"
        "model: {a: '${search_space.whole.part}', b: '${search_space.whole}'}"
    )
    assert space.size == 6
    assert all(model["a"] == model["b"]["part"] for model in models(space))


def test_many_shared_choices_are_counted_at_once():
    choices = {f"c{i}": {"_choice_": [1, 2, 3]} for i in range(40)}
    model = [{f"m{i}": f"${{search_space.c{i}}}" for i in range(40)}] * 2
    assert space_of({**choices, "model": model}).size == 3**40


def test_continuous_size_is_infinite():
    assert space_of({"model": {"lr": LR}}).size == math.inf
    assert model_of("{a: {_float_: {low: 1, high: 1}}, b: {_choice_: [1, 2]}}").size == 2


def test_whole_decision_of_a_real_gene_has_the_key_of_the_float():
    space = model_of("{x: {_float_: {low: 0, high: 2}, _name_: x}}")
    assert space.genotype({"x": 1}).key == space.genotype({"x": 1.0}).key
    assert type(space.genotype({"x": 1})["x"]) is float


def test_grid_points_are_as_written():
    space = model_of("{x: {_float_: {low: 0.1, high: 0.7, step: 0.1}, _name_: x}}")
    assert models(space) == [{"x": x} for x in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)]
    noisy = space.genotype({"x": 0.1 + 2 * 0.1})
    assert noisy == {"x": 0.3}
    assert noisy.key == space.genotype({"x": 0.3}).key


def test_genes_are_asked_once_and_in_order():
    asked = []
    space = space_of(
        "w: {_choice_: [1, 2], _name_: w}\n"
        "model: {a: '${search_space.w}', b: {_choice_: [1, 2], _name_: b}, c: '${search_space.w}'}"
    )

    def decide(gene):
        asked.append(gene.name)
        return 2

    assert dict(space.walk(decide)) == {"w": 2, "b": 2}
    assert asked == ["w", "b"]


def test_summary_is_one_line():
    genotype = model_of("{_choice_: [1, 2], _name_: n}").genotype({"n": 2})
    assert str(genotype) == genotype.summary == "n=2"
    assert len({genotype, model_of("{_choice_: [1, 2], _name_: n}").genotype({"n": 2})}) == 1
