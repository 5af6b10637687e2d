"""Variation of repeated blocks, and of whatever else can be nested."""

from collections import Counter

import numpy
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.search_space.vary import align
from nas_hydra.strategy.variation import Chain, Mutation, UniformCrossover
from search_space.spaces import model_of, space_of, spaces
from search_space.test_properties import sample, seeds, strict, thorough
from strategy.test_variation import is_part, rng_of

ONE = Mutation(rate=None, count=1)
CROSS = UniformCrossover(1.0)
LETTERS = (
    "[{_repeat_: {_int_: {low: 0, high: 9}, _name_: n}, _block_: {_choice_: [a, b, c, d, e, f]}}]"
)
SPACE = model_of(LETTERS)
words = st.text("abcdef", max_size=9)


def genotype_of(word, space=SPACE):
    decisions = {f"search_space.model.0[{i}]": letter for i, letter in enumerate(word)}
    return space.genotype({"n": len(word), **decisions})


def word_of(genotype, space=SPACE):
    return "".join(space.close(genotype)["model"])


def mutants(space, parent, wanted, mutation=ONE, times=400):
    """The models of many children for which something holds."""
    children = (mutation(space, [parent], rng_of(seed)) for seed in range(times))
    models = [space.close(child)["model"] for child in children]
    return [model for model in models if wanted(model)]


def test_one_copy_is_dropped_anywhere_and_the_others_stay():
    found = Counter(map("".join, mutants(SPACE, genotype_of("abcde"), lambda m: len(m) == 4)))
    assert set(found) == {"bcde", "acde", "abde", "abce", "abcd"}


def test_one_copy_is_inserted_anywhere_and_the_others_stay():
    parent = genotype_of("abc")
    for model in (found := mutants(SPACE, parent, lambda m: len(m) == 4, times=1500)):
        assert is_part("abc", model)
    assert {"".join(model) for model in found} >= {"dabc", "adbc", "abdc", "abcd", "fabc"}


@given(words, seeds)
def test_a_longer_or_shorter_mutant_keeps_what_it_can(word, seed):
    child = word_of(ONE(SPACE, [genotype_of(word)], rng_of(seed)))
    if len(child) == len(word):
        assert sum(a != b for a, b in zip(child, word, strict=True)) == 1
    else:
        assert is_part(*sorted([child, word], key=len))


def test_lists_that_share_their_count_drop_the_same_copy():
    space = space_of(
        "n: {_int_: {low: 1, high: 4}}\nmodel: {a: [{_repeat_: '${search_space.n}', _block_:"
        " {_choice_: [1, 2, 3, 4]}}], b: [{_repeat_: '${search_space.n}', _block_:"
        " {_choice_: [1, 2, 3, 4]}}]}"
    )
    letters = {f"search_space.model.{x}.0[{i}]": i + 1 for x in "ab" for i in range(4)}
    parent = space.genotype({"search_space.n": 4, **letters})
    found = mutants(space, parent, lambda model: len(model["a"]) < 4)
    assert all(model["a"] == model["b"] for model in found)
    assert {tuple(model["a"]) for model in found} >= {(1, 2, 3), (1, 2, 4), (1, 3, 4), (2, 3, 4)}


def test_a_preset_that_says_the_count_drops_copies_too():
    space = space_of(
        "size: {_choice_: {small: {n: 1}, large: {n: 3}}}\nmodel: [{_repeat_:"
        " '${search_space.size.n}', _block_: {_choice_: [a, b, c]}}]"
    )
    letters = {f"search_space.model.0[{i}]": "abc"[i] for i in range(3)}
    parent = space.genotype({"search_space.size": "large", **letters})
    assert set(map("".join, mutants(space, parent, lambda model: len(model) == 1))) == {*"abc"}


def test_a_node_of_a_graph_is_dropped_with_its_row_and_column():
    space = space_of(
        "n: {_int_: {low: 1, high: 3}}\nmodel: [{_repeat_: '${search_space.n}', _block_:"
        " {row: [{_repeat_: '${search_space.n}', _block_: {_int_: {low: 0, high: 99}}}]}}]"
    )
    place = "search_space.model.0[{}].row.0[{}]"
    entries = {place.format(i, j): 10 * i + j for i in range(3) for j in range(3)}
    parent = space.genotype({"search_space.n": 3, **entries})
    found = mutants(space, parent, lambda model: len(model) == 2)
    rows = {tuple(tuple(block["row"]) for block in model) for model in found}
    assert rows == {((0, 1), (10, 11)), ((0, 2), (20, 22)), ((11, 12), (21, 22))}


NESTED = (
    "[{_repeat_: {_int_: {low: 1, high: 3}, _name_: stages}, _block_: {c: {_choice_: [x, y, z]},"
    " l: [{_repeat_: {_int_: {low: 0, high: 3}, _name_: depth}, _block_:"
    " {_int_: {low: 0, high: 99}, _name_: k}}]}}]"
)


@given(seeds)
def test_nested_blocks_move_along_with_the_outer_copy(seed):
    space, rng = model_of(NESTED), rng_of(seed)
    parent = space.sample(rng)
    before = list(map(strict, space.close(parent)["model"]))
    after = list(map(strict, space.close(ONE(space, [parent], rng))["model"]))
    if len(before) == len(after):
        assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    else:
        assert is_part(*sorted([before, after], key=len))


def test_a_switched_choice_samples_what_becomes_active():
    space = model_of(
        "{_name_: k, _choice_: {none: 0, deep: [{_repeat_: {_int_: {low: 1, high: 3}}, _block_:"
        " {_choice_: [a, b]}}]}}"
    )
    found = mutants(space, space.genotype({"k": "none"}), lambda model: True)
    assert {"".join(model) for model in found} == {
        *("a", "b", "aa", "ab", "ba", "bb"),
        *("aaa", "aab", "aba", "abb", "baa", "bab", "bba", "bbb"),
    }


@given(words, st.lists(st.booleans(), min_size=9, max_size=9), seeds)
def test_crossed_with_a_part_of_itself_a_parent_gives_either(word, kept, seed):
    part = "".join(letter for letter, keep in zip(word, kept, strict=False) if keep)
    for pair in ((word, part), (part, word)):
        child = CROSS(SPACE, [genotype_of(one) for one in pair], rng_of(seed))
        assert word_of(child) in pair


def test_copies_that_agree_are_crossed_with_each_other():
    space = model_of(
        "[{_repeat_: {_int_: {low: 1, high: 4}, _name_: n}, _block_:"
        " {kind: {_int_: {low: 0, high: 9}, _name_: kind},"
        " k: {_int_: {low: 0, high: 9}, _name_: k}}}]"
    )

    def parent(*blocks):
        decisions = {"n": len(blocks)}
        for i, (kind, k) in enumerate(blocks):
            decisions |= {f"kind[{i}]": kind, f"k[{i}]": k}
        return space.genotype(decisions)

    one, other = parent((1, 0), (2, 0), (3, 0)), parent((2, 5), (3, 5))
    children = [
        space.close(CROSS(space, [one, other], rng_of(seed)))["model"] for seed in range(99)
    ]
    assert {tuple(block["kind"] for block in child) for child in children} == {(1, 2, 3), (2, 3)}
    assert {child[-1]["k"] for child in children} == {0, 5}
    assert all(child[0]["k"] == 0 for child in children if child[0]["kind"] == 1)


def test_a_fixed_number_of_copies_is_crossed_by_position():
    space = model_of("[{_repeat_: 3, _block_: {_choice_: [a, b, c, d], _name_: k}}]")
    one, other = (
        space.genotype({f"k[{i}]": letter for i, letter in enumerate(word)})
        for word in ("abc", "bcd")
    )
    children = {word_of(CROSS(space, [one, other], rng_of(seed)), space) for seed in range(99)}
    assert children == {a + b + c for a in "ab" for b in "bc" for c in "cd"}


@given(st.lists(st.sets(st.integers(0, 4))), st.lists(st.sets(st.integers(0, 4))))
def test_an_alignment_has_every_copy_once_and_in_order(one, other):
    columns = align((len(one), len(other)), dict(enumerate(one)), dict(enumerate(other)))
    assert [a for a, _ in columns if a is not None] == list(range(len(one)))
    assert [b for _, b in columns if b is not None] == list(range(len(other)))
    paired = [len(one[a] & other[b]) for a, b in columns if None not in (a, b)]
    by_position = [len(a & b) for a, b in zip(one, other, strict=False)]
    assert sum(paired) >= sum(by_position)


def test_very_many_copies_are_aligned_by_position():
    space = model_of("[{_repeat_: {_int_: {low: 900, high: 1000}}, _block_: {_choice_: [a, b]}}]")
    parents = [sample(space, seed) for seed in (0, 1)]
    child = space.close(CROSS(space, parents, rng_of(2)))["model"]
    models = [space.close(parent)["model"] for parent in parents]
    assert all(letter in pair for letter, *pair in zip(child, *models, strict=False))


OPERATORS = [
    ONE,
    Mutation(rate=0.5, count=None),
    CROSS,
    Chain([CROSS, Mutation(rate=0.3, count=None)]),
]


@thorough
@given(spaces(), seeds)
def test_in_any_space_children_are_inside_and_one_seed_has_one_child(space, seed):
    for operator in OPERATORS:
        parents = [sample(space, seed + i) for i in range(operator.parents)]
        child = operator(space, parents, rng_of(seed))
        for again in (space.genotype(dict(child)), operator(space, parents, rng_of(seed))):
            assert (list(again.items()), again.key) == (list(child.items()), child.key)


@thorough
@given(spaces(), seeds)
def test_in_any_space_the_child_of_equal_parents_is_their_equal(space, seed):
    parent = sample(space, seed)
    child = CROSS(space, [parent, parent], rng_of(seed))
    assert (list(child.items()), child.key) == (list(parent.items()), parent.key)


@thorough
@given(spaces(), seeds)
def test_in_any_space_a_count_of_one_changes_one_decision(space, seed):
    parent = sample(space, seed)
    child = ONE(space, [parent], rng_of(seed))
    if set(child) == set(parent):
        different = [name for name in parent if parent[name] != child[name]]
        free = [name for name in parent if can_change(space.places[name].gene)]
        assert len(different) == min(1, len(free))


def can_change(gene):
    rng = numpy.random.default_rng(0)
    decision = gene.sample(rng)
    return gene.mutate(decision, rng) != decision
