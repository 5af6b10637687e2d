"""Pictures: valid files that show what is open and what was decided."""

from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from numpy.random import default_rng
from omegaconf import OmegaConf

from nas_hydra.picture.blocks import block_of, chain, decided_paths
from nas_hydra.picture.candidate import candidate_picture
from nas_hydra.picture.formats import save
from nas_hydra.picture.outline import display_name, outline
from nas_hydra.picture.palette import DECIDED
from nas_hydra.picture.sizes import layer_sizes
from nas_hydra.picture.space import space_picture
from nas_hydra.picture.text import legal
from nas_hydra.report.files import RunFiles
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Proposal, Trial
from search_space.spaces import spaces
from trials import search, standing

TEXT = "{http://www.w3.org/2000/svg}text"
CONV = """
width: {_choice_: [16, 32], _name_: width}
model:
  _target_: torch.nn.Sequential
  _args_:
    - _repeat_: {_int_: {low: 1, high: 3}, _name_: depth}
      _block_:
        _target_: nas_hydra.model.ConvBlock
        out_channels: ${width}
        kernel_size: {_choice_: [3, 5], _name_: kernel_size}
    - _target_: {_choice_: [torch.nn.ReLU, torch.nn.GELU], _name_: activation}
    - {_target_: nas_hydra.model.ClassifierHead, num_classes: 10}
"""
CELL = """
model:
  _target_: my.Network
  channels: 16
  cell:
    edge_0_1: {_choice_: [none, conv], _name_: edge_0_1}
    edge_0_2: {_choice_: [none, skip & go], _name_: edge_0_2}
    edge_1_2: {_choice_: [none, pool], _name_: edge_1_2}
"""


def space_of(text):
    return SearchSpace(OmegaConf.create(text), parts={"model": ("model",)})


def texts(svg):
    """Every piece of text in a picture, one per line of a label."""
    root = ElementTree.fromstring(svg)
    return [node.text.replace("\xa0", " ").strip() for node in root.iter(TEXT) if node.text]


def colours(svg):
    """Text -> its colour."""
    root = ElementTree.fromstring(svg)
    return {node.text.strip(): node.get("fill") for node in root.iter(TEXT) if node.text}


def drawn(picture, folder):
    save(picture, folder, "it", ("svg",))
    return (folder / "it.svg").read_bytes()


def candidate(space, **decisions):
    return space.genotype(decisions)


def conv_candidate(space):
    return candidate(
        space,
        depth=3,
        width=32,
        activation="torch.nn.GELU",
        **{"kernel_size[0]": 3, "kernel_size[1]": 3, "kernel_size[2]": 5},
    )


def test_files_are_a_valid_svg_and_a_valid_png(tmp_path):
    save(space_picture(space_of(CONV), "conv", "many"), tmp_path, "space")
    assert ElementTree.parse(tmp_path / "space.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "space.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_a_space_shows_every_decision_with_its_options(tmp_path):
    found = texts(drawn(space_picture(space_of(CONV), "conv", "44 candidates"), tmp_path))
    for label in (
        "conv",
        "44 candidates",
        "width",
        "16 | 32",
        "kernel_size",
        "3 | 5",
        "ReLU | GELU",
    ):
        assert label in found
    assert "1 … 3 copies, each decides" in found
    assert "shared: one decision" in found


def test_a_candidate_is_a_chain_with_equal_neighbours_folded(tmp_path):
    space = space_of(CONV)
    svg = drawn(candidate_picture(space, conv_candidate(space), "the best"), tmp_path)
    found = texts(svg)
    assert found.count("ConvBlock") == 2
    assert "× 2" in found  # noqa: RUF001  it is the sign for times
    assert {"the best", "GELU", "ClassifierHead"} <= set(found)


def test_layers_say_what_they_give_and_weigh_and_shared_ones_weigh_once(tmp_path):
    layer = {"_target_": "torch.nn.Linear", "_args_": [8, 8]}
    config = {"_target_": "torch.nn.Sequential", "_args_": [layer, layer]}
    for share, told in (({}, "144 parameters in all"), ({"_share_": "a"}, "72 parameters in all")):
        layer |= share
        space = space_of({"model": config})
        sizes = layer_sizes({**space.close({}), "dataset": {"input_shape": [1, 8, 8]}})
        found = texts(drawn(candidate_picture(space, {}, sizes=sizes), tmp_path))
        assert f"gives 1 × 8 × 8 · {told}" in found  # noqa: RUF001  it is the sign for times


def test_a_network_of_nothing_can_be_drawn(tmp_path):
    space = space_of({"model": {"_target_": "torch.nn.Sequential"}})
    sizes = layer_sizes(space.close({}))
    assert "0 parameters" in texts(drawn(candidate_picture(space, {}, "it", sizes), tmp_path))


def test_what_was_decided_stands_out(tmp_path):
    space = space_of(CONV)
    colour = colours(drawn(candidate_picture(space, conv_candidate(space)), tmp_path))
    assert {colour[text] for text in ("32", "5", "GELU")} == {DECIDED}
    assert DECIDED not in {colour[text] for text in ("10", "ConvBlock", "ClassifierHead")}


def test_decided_paths_follow_the_copies():
    space = space_of(CONV)
    marks = decided_paths(space.parts["model"], conv_candidate(space))
    copies = {("_args_", i, key) for i in range(3) for key in ("out_channels", "kernel_size")}
    assert marks == copies | {("_args_", 3, "_target_")}


@pytest.mark.parametrize("seed", range(20))
def test_every_decided_path_leads_to_a_value_of_the_closed_config(seed):
    space = space_of(CONV)
    genotype = space.sample(default_rng(seed))
    for path in decided_paths(space.parts["model"], genotype):
        value = space.close(genotype)["model"]
        for part in path:
            value = value[part]
        assert not isinstance(value, dict | list)


def test_a_cell_is_drawn_without_what_does_not_reach_the_output(tmp_path):
    space = space_of(CELL)
    connected = candidate(space, edge_0_1="conv", edge_0_2="skip & go", edge_1_2="none")
    found = texts(drawn(candidate_picture(space, connected), tmp_path))
    assert {"input", "output", "skip & go", "Network", "cell"} <= set(found)
    assert not {"conv", "none"} & set(found)


def test_cells_of_vertices_and_of_listed_nodes(tmp_path):
    space = space_of("""
model:
  _target_: my.Network
  cell: {edge_0_1: {_choice_: [0, 1]}, edge_0_2: 1, edge_1_2: 1, vertex_1: {_choice_: [conv, pool]}}
  normal:
    - {inputs: [0, 1], operations: [left, {_choice_: [right, wrong]}]}
""")
    genotype = candidate(
        space,
        **{
            "model.cell.edge_0_1": 1,
            "model.cell.vertex_1": "pool",
            "model.normal.0.operations.1": "right",
        },
    )
    colour = colours(drawn(candidate_picture(space, genotype), tmp_path))
    assert {"input 0", "input 1", "left", "right", "pool", "output"} <= set(colour)
    assert colour["pool"] == colour["right"] == DECIDED != colour["left"]


def test_a_long_chain_stands_in_several_columns(tmp_path):
    layers = [{"_target_": f"my.Layer{i}"} for i in range(20)]
    space = space_of(
        OmegaConf.create({"model": {"_target_": "torch.nn.Sequential", "_args_": layers}})
    )
    root = ElementTree.fromstring(drawn(candidate_picture(space, space.genotype({})), tmp_path))
    width, height = (float(root.get(side).removesuffix("pt")) for side in ("width", "height"))
    assert 0.4 < width / height < 2.5


NASTY = (
    "<script>alert(1)</script>",
    "a & b",
    "<b>",
    '"',
    "javascript:alert(1)",
    "\x00\x1b[2J\udcff",
)


@pytest.mark.parametrize("nasty", NASTY)
def test_names_and_values_are_text_wherever_they_stand(nasty, tmp_path):
    chosen = {"_choice_": [nasty, "other"], "_name_": f"gene {nasty}"}
    cell = {"edge_0_1": nasty, "edge_1_2": nasty}
    inner = {"_target_": "my.Inner", nasty: nasty, "picked": chosen}
    model = {
        "_target_": f"my.{nasty}",
        "_args_": [nasty, inner],
        f"cell {nasty}": cell,
        "key": nasty,
    }
    space = space_of({"model": model})
    for picture in (
        candidate_picture(space, candidate(space, **{f"gene {nasty}": nasty}), nasty),
        space_picture(space, nasty, nasty),
    ):
        svg = drawn(picture, tmp_path)
        tags = {node.tag.rsplit("}")[-1] for node in ElementTree.fromstring(svg).iter()}
        assert tags == {"svg", "style", "rect", "text", "path"}
        assert sum(legal(nasty) in text for text in texts(svg)) >= 2


def test_numbers_among_the_arguments_and_empty_values_are_shown(tmp_path):
    space = space_of("""
model:
  _target_: torch.nn.Sequential
  _args_:
  - {_target_: torch.nn.Linear, _args_: [64, 10], bias: {_choice_: [true, false], _name_: bias}}
  - {_target_: my.Layer, name: "", nothing: null, _args_: ["", []]}
""")
    found = texts(drawn(candidate_picture(space, candidate(space, bias=True)), tmp_path))
    assert {"64", "10", "true", "null", "[]"} <= set(found)
    assert found.count('""') == 2


@pytest.mark.parametrize(
    "cell",
    [
        {"edge_0_1": "a", "edge_2_1": "b"},
        {"edge_1_1": "a"},
        {"edge_0_999999999999": "a"},
        [{"inputs": [0, 7], "operations": ["a", "b"]}],
    ],
)
def test_what_only_looks_like_a_cell_is_drawn_as_settings(cell, tmp_path):
    space = space_of({"model": {"_target_": "my.Net", "cell": cell}})
    assert "output" not in texts(drawn(candidate_picture(space, {}), tmp_path))


def test_cells_of_inner_parts_and_beside_other_blocks_are_drawn(tmp_path):
    cell = {"edge_0_1": "conv", "edge_1_2": "pool"}
    inner = {"_target_": "my.Inner", "cell": cell}
    space = space_of(
        {"model": {"_target_": "my.Net", "stem": {"_target_": "my.Stem"}, "body": {"part": inner}}}
    )
    found = texts(drawn(candidate_picture(space, {}), tmp_path))
    assert {"Stem", "Inner", "conv", "pool", "output"} <= set(found)


def test_stages_without_a_class_are_blocks():
    config = {"_target_": "my.Net", "stages": [{"width": 8}, {"width": 8}], "classes": 10}
    blocks = chain(block_of(config, set()))
    assert [(run[0].title, len(run)) for run in blocks] == [("Net", 1), ("stage", 2)]


def finish_a_run(folder, summary=None, code=130):
    space = space_of(CONV)
    files = RunFiles(space)
    files.start(search(folder))
    trial = Trial(Proposal(0, conv_candidate(space), "random"), "complete", {"val_acc": 0.5})
    files.tell(trial, standing(trial), recorded=False)
    files.finish(summary, code)


@pytest.mark.parametrize(("summary", "code"), [({}, 0), (None, 130)])
def test_a_run_leaves_a_picture_of_its_best_also_when_interrupted(tmp_path, summary, code):
    finish_a_run(tmp_path / "run", summary, code)
    assert "ClassifierHead" in texts((tmp_path / "run" / "best.svg").read_bytes())


def at(value, path):
    for part in path:
        value = value[part]
    return value


def shown(branches):
    for branch in branches:
        yield branch
        yield from shown(branch.inside)


@pytest.mark.long
@settings(max_examples=150, deadline=None)
@given(space=spaces(), seed=st.integers(0, 99))
def test_decided_paths_lead_into_any_closed_config(space, seed):
    genotype = space.sample(default_rng(seed))
    closed = space.close(genotype)
    for name, part in space.parts.items():
        for path in decided_paths(part, genotype):
            at(closed[name], path)


@pytest.mark.long
@settings(max_examples=150, deadline=None)
@given(space=spaces())
def test_the_outline_has_a_branch_for_every_gene(space):
    names = {word for branch in shown(outline(space)) for word in branch.name.split(", ")}
    for place in space.places.values():
        name = display_name(place.node)
        assert name in names or any("genes)" in found for found in names)


@settings(max_examples=25, deadline=None)
@given(space=spaces(), seed=st.integers(0, 99))
def test_any_candidate_and_any_space_can_be_drawn(space, seed):
    with TemporaryDirectory() as folder:
        for picture in (
            candidate_picture(space, space.sample(default_rng(seed)), "any"),
            space_picture(space, "any", "many"),
        ):
            assert "any" in texts(drawn(picture, Path(folder)))
