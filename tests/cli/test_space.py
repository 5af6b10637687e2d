"""The outline of a space and the ranges that ``nas-hydra-space`` prints."""

import math

import pytest
from omegaconf import OmegaConf
from rich.console import Console

from nas_hydra.cli.space import short, spread, tree
from nas_hydra.picture.outline import outline, size_in_words
from nas_hydra.search_space import SearchSpace


def printed(text, width=100):
    space = SearchSpace(OmegaConf.create(text), parts={"model": ("model",)})
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(tree("it", outline(space)))
    return captured.get()


def test_options_stand_under_their_choice():
    lines = printed("""
model:
  layer:
    _name_: layer
    _choice_:
      conv: {_target_: my.Conv, kernel: {_choice_: [3, 5]}}
      none: null
""").splitlines()
    assert lines == [
        "it",
        "└── model",
        "    └── layer: conv | none",
        "        └── if conv",
        "            └── kernel: 3 | 5",
    ]


def test_copies_stand_under_their_count():
    found = printed("""
model:
  _target_: my.Net
  blocks:
    - _repeat_: {_int_: {low: 1, high: 4}, _name_: depth}
      _block_: {_target_: my.Block, width: {_choice_: [8, 16]}}
    - _repeat_: 2
      _share_: true
      _block_: {_target_: my.Tail, rate: {_float_: {low: 0.1, high: 1.0, log: true}}}
""")
    assert "depth: 1 … 4 copies, each decides" in found
    assert "2 equal copies" in found
    assert "rate: 0.1 … 1 (log)" in found


def test_a_shared_decision_is_told_once():
    found = printed("""
width: {_int_: {low: 8, high: 64, step: 8}, _name_: width}
model: {one: {_target_: my.A, size: "${width}"}, other: {_target_: my.B, size: "${width}"}}
""")
    assert "size = width: 8 … 64 (step 8) (shared: one decision)" in found
    assert "size = width as above" in found


def test_a_decision_of_one_place_is_not_called_shared():
    found = printed("{width: {_choice_: [1, 2], _name_: width}, model: {size: '${width}'}}")
    assert "size = width: 1 | 2" in found
    assert "shared" not in found


def test_neighbours_with_the_same_options_share_a_line():
    edges = {f"edge_0_{i}": {"_choice_": [0, 1], "_name_": f"edge_0_{i}"} for i in range(1, 12)}
    assert "edge_0_1 … edge_0_11 (11 genes): 0 | 1" in printed({"model": edges})


def test_nothing_is_cut_on_a_narrow_terminal():
    found = printed({"model": {"op": {"_choice_": [f"operation_{i}" for i in range(9)]}}}, width=40)
    assert all(f"operation_{i}" in found for i in range(9))


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1080, "1,080"),
        (1_543_210_987_654_321_000, "1.5 x 10^18 (exactly 1,543,210,987,654,321,000)"),
        (10**400 * 2, f"2.0 x 10^400 (exactly {10**400 * 2:,})"),
        (math.inf, "endless, since a number is open without a step"),
    ],
)
def test_sizes_are_readable_and_exact(size, words):
    assert size_in_words(size) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (999, "999"), (1000, "1 k"), (38310, "38.3 k"), (999_999, "1 M"), (2.5e9, "2.5 G")],
)
def test_counts_are_short(number, words):
    assert short(number) == words


def test_a_range_has_its_median():
    assert spread([3000, 1000, 20_000]) == "1 k to 20 k, median 3 k"
