"""Every mistake is named: the key, what was given, and how to mend it."""

import pytest
from omegaconf import OmegaConf

from nas_hydra.errors import ConfigError
from nas_hydra.search_space import SearchSpace
from search_space.spaces import model_of, space_of

IN_MODEL = {
    "low above high": ("{_int_: {low: 5, high: 2}}", "_int_", "low is 5 and high is 2"),
    "missing low": ("{_int_: {high: 2}}", "_int_.low", "is missing; say low:"),
    "missing high": ("{_float_: {low: 2}}", "_float_.high", "is missing; say high:"),
    "no bounds": ("{_int_: 3}", "_int_", "is 3; say {low"),
    "wrong type of low": ("{_int_: {low: a, high: 2}}", "_int_.low", "'a'; it must be a whole"),
    "fractional low": ("{_int_: {low: 1.0, high: 2}}", "_int_.low", "1.0; it must be a whole"),
    "true as high": ("{_float_: {low: 0, high: true}}", "_float_.high", "True; it must be"),
    "endless high": ("{_float_: {low: 0, high: .inf}}", "_float_.high", "is inf; allowed"),
    "huge high": ("{_int_: {low: 0, high: 1" + "0" * 400 + "}}", "_int_.high", "allowed: -9007"),
    "too wide": ("{_float_: {low: -1.7e308, high: 1.7e308}}", "_float_", "bring low and high"),
    "open bound": ("{_int_: {low: 0, high: {_choice_: [1, 2]}}}", "_int_", "must be plain numbers"),
    "unknown bound": ("{_int_: {low: 0, hihg: 2}}", "_int_.hihg", "did you mean 'high'"),
    "log from zero": ("{_float_: {low: 0, high: 1, log: true}}", "_float_.low", "must be above 0"),
    "log is text": ("{_int_: {low: 1, high: 2, log: 'yes'}}", "_int_.log", "allowed: true, false"),
    "log and step": ("{_int_: {low: 1, high: 2, log: true, step: 1}}", "_int_.step", "leave one"),
    "no step": ("{_int_: {low: 1, high: 2, step: 0}}", "_int_.step", "is 0; it must be above 0"),
    "step down": ("{_float_: {low: 1, high: 2, step: -1}}", "_float_.step", "must be above 0"),
    "tiny step": ("{_float_: {low: 1, high: 2, step: 1e-300}}", "_float_.step", "enlarge it"),
    "no options": ("{_choice_: []}", "_choice_", "at least one option"),
    "options no list": ("{_choice_: 3}", "_choice_", "is 3; it needs a list"),
    "options twice": ("{_choice_: [16, 32, 16]}", "_choice_", "lists 16 twice"),
    "equal options": ("{_choice_: [1, true]}", "_choice_", "1 and True, which count as equal"),
    "same configs": ("{_choice_: [{_target_: A}, {_target_: A}]}", "_choice_", "leave one of them"),
    "alike options": ("{_choice_: ['[1]', [1], '[1] #0', '[1] #1']}", "_choice_", "name them"),
    "beside other keys": ("{_choice_: [1, 2], lr: 3}", "", "stands beside 'lr'"),
    "two openers": ("{_int_: {low: 1, high: 2}, _choice_: [1]}", "", "stands beside '_int_'"),
    "name is no text": ("{_choice_: [1, 2], _name_: 3}", "_name_", "is 3; say a text"),
    "misspelt opener": ("{_chioce_: [1, 2]}", "_chioce_", "did you mean '_choice_'"),
    "block alone": ("{_block_: 1}", "_block_", "means nothing here"),
    "no value": ("???", "", "say search_space.model.x=..."),
    "repeat outside a list": ("{_repeat_: 2, _block_: 1}", "", "stands in a list"),
    "repeat as an option": ("{_choice_: [{_repeat_: 2, _block_: 1}]}", "_choice_.0", "in a list"),
    "repeat without block": ("[{_repeat_: 2}]", "0", "with a _block_ beside it"),
    "negative count": ("[{_repeat_: -1, _block_: 1}]", "0._repeat_", "can be -1; allowed: 0 to"),
    "open negative count": (
        "[{_repeat_: {_int_: {low: -2, high: 2}}, _block_: 1}]", "0._repeat_", "can be -2"
    ),
    "too many copies": ("[{_repeat_: 1001, _block_: 1}]", "0._repeat_", "can be 1001; allowed"),
    "count is a text": ("[{_repeat_: two, _block_: 1}]", "0._repeat_", "'two'; it must be a whole"),
    "count is real": (
        "[{_repeat_: {_float_: {low: 1, high: 2}}, _block_: 1}]", "0._repeat_", "must be a whole"
    ),
    "share is a text": ("[{_repeat_: 2, _block_: 1, _share_: x}]", "0._share_", "allowed: true"),
    "reference to nothing": ("${search_space.wdith}", "", "did you mean 'width'"),
    "reference to no top": ("${nothing}", "", "no 'nothing' at the top"),
    "too many dots": ("${......a}", "", "too many dots"),
    "self reference": ("${search_space.model.x}", "", "refers to itself"),
    "reference around itself": ("${search_space.model}", "", "refers to itself"),
    "reference to no part": ("${search_space.preset.b}", "", "lacks it"),
    "reference into an option": ("${search_space.preset._choice_.0}", "", "the choice itself"),
    "reference to the options": ("${search_space.preset._choice_}", "", "into an option"),
    "reference into copies": ("${search_space.list.0._block_.k}", "", "move the value out"),
    "reference to copies": ("${search_space.list.0}", "", "refer to its list"),
    "open name": ("${search_space.${search_space.width}}", "", "has an open value in its name"),
    "options elsewhere open": ("{_choice_: '${search_space.list}'}", "_choice_", "write the"),
    "options elsewhere empty": ("{_choice_: '${search_space.empty}'}", "_choice_", "at least one"),
    "resolver fails": ("${oc.env:NOT_THERE_AT_ALL}", "", "cannot be computed"),
    "resolver in a circle": ("${oc.select:search_space.model.x}", "", "cannot be computed"),
    "broken interpolation": ("${oc.env:${.${empty}}}", "", "refers to nothing"),
    "resolver around the space": ("${oc.select:search_space.width}", "", "refer to an open value"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "key", "mend"), IN_MODEL.values(), ids=IN_MODEL)
def test_mistakes_in_a_model(text, key, mend):
    config = {
        "width": {"_choice_": [1, 2]},
        "preset": {"_choice_": [{"a": 1, "b": 2}, {"a": 1}]},
        "list": [{"_repeat_": 2, "_block_": {"k": {"_choice_": [3, 5]}}}],
        "empty": [],
        "read": ["${search_space.width}", "${search_space.preset}", "${search_space.list}"],
    }
    model = {"x": OmegaConf.to_container(OmegaConf.create({"x": text}))["x"]}
    if text[0] in "{[":
        model = {"x": OmegaConf.to_container(OmegaConf.create(text))}
    with pytest.raises(ConfigError) as caught:
        space_of({**config, "model": {**model, "read": "${search_space.read}"}})
    whole = ".".join(part for part in ("search_space.model.x", key) if part)
    assert caught.value.key == whole
    assert str(caught.value).startswith(whole)
    assert mend in caught.value.problem


def test_expression_that_fails_for_some_decisions():
    space = space_of(
        "a: {_choice_: ['[1]', '[1'], _name_: a}\nmodel: {x: '${oc.decode:${search_space.a}}'}"
    )
    assert space.close({"a": "[1]"})["model"] == {"x": [1]}
    with pytest.raises(ConfigError, match=r"search_space.model.x: .* cannot be computed"):
        space.genotype({"a": "[1"})


def test_circle_of_references_is_told():
    with pytest.raises(ConfigError, match=r"search_space.a -> search_space.b"):
        space_of("a: ${search_space.b}\nb: ${search_space.a}\nmodel: ${search_space.a}")


def test_gene_name_used_twice():
    with pytest.raises(ConfigError) as caught:
        model_of("{a: {_choice_: [1, 2], _name_: k}, b: {_choice_: [1, 2], _name_: k}}")
    assert caught.value.key == "search_space.model.b"
    assert "taken by search_space.model.a; give one of them another _name_" in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "key", "mend"),
    [
        ({"seed": {"_int_": {"low": 1, "high": 2}}}, "seed", "may stand in"),
        ({"engine": {"a": [{"_choice_": [1]}]}}, "engine.a.0", "Give it a plain value"),
        ({"optimizer": {1: 2, "b": 3}}, "optimizer", "keys are all texts or all numbers"),
        ({"optimizer": {"a": b"x"}}, "optimizer.a", "no plain value"),
    ],
)
def test_mistakes_elsewhere(parts, key, mend):
    with pytest.raises(ConfigError) as caught:
        space_of({"model": {}}, **parts) if "optimizer" in parts else _unread(parts)
    assert caught.value.key == key
    assert mend in str(caught.value)


def _unread(parts):
    return SearchSpace(OmegaConf.create({"model": {}, **parts}), {"model": ("model",)})


def test_open_value_that_nothing_refers_to():
    with pytest.raises(ConfigError, match=r"search_space.width: .* refer to it with \$\{\.\.\.\}"):
        space_of({"width": {"_choice_": [1, 2]}, "model": {}})


def test_missing_part():
    with pytest.raises(
        ConfigError, match=r"search_space.model: is missing; .* search_space=\.\.\."
    ):
        SearchSpace(OmegaConf.create({"search_space": {}}))


@pytest.mark.parametrize(
    ("decisions", "key", "mend"),
    [
        ({"kind": "b"}, "depth", "has no decision; give it a whole number from 1 to 3"),
        ({}, "kind", "has no decision; give it one of a, b"),
        ({"kind": "a", "depht": 1}, "depht", "is no gene here"),
        ({"kind": "a", "kidn": 1}, "kidn", "did you mean 'kind'"),
        ({"kind": "a", "depth": 1}, "depth", "is not active beside these decisions; leave it out"),
        ({"kind": "b", "depth": 4}, "depth", "is 4; it must be a whole number from 1 to 3"),
        ({"kind": "c"}, "kind", "is 'c'; it must be one of a, b"),
        ({"kind": ["a"]}, "kind", "it must be one of a, b"),
    ],
)
def test_genotypes_of_another_space(decisions, key, mend):
    space = model_of(
        "{_name_: kind, _choice_: {a: 1, b: {n: {_int_: {low: 1, high: 3}, _name_: depth}}}}"
    )
    for read in (space.genotype, space.close):
        with pytest.raises(ConfigError) as caught:
            read(decisions)
        assert caught.value.key == key
        assert mend in str(caught.value)
