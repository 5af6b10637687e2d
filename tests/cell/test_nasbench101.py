"""What is known of the cells of NAS-Bench-101."""

from itertools import combinations, product
from types import SimpleNamespace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from nas_hydra.cell.nasbench101 import (
    OPERATIONS,
    EdgeBudget,
    Graph,
    canonical,
    describe,
    pruned,
    standard_form,
    vertex_channels,
)

PAIRS = list(combinations(range(7), 2))


def cell(edges, *operations):
    """A cell of seven vertices from its edges and its first operations."""
    given = [*operations, *["maxpool3x3"] * (5 - len(operations))]
    return {
        **{f"edge_{i}_{j}": int((i, j) in edges) for i, j in PAIRS},
        **{f"vertex_{i}": name for i, name in enumerate(given, start=1)},
    }


cells = st.builds(
    lambda edges, operations: cell(edges, *operations),
    st.sets(st.sampled_from(PAIRS)),
    st.lists(st.sampled_from(OPERATIONS), min_size=5, max_size=5),
)


def edges_of(one):
    return [(i, j) for i, j in PAIRS if one[f"edge_{i}_{j}"]]


def renumbered(one, preference):
    """The same cell, its inner vertices in another order that the data can flow in."""
    edges, order = edges_of(one), [0]
    waiting = sorted(range(1, 6), key=preference.index)
    while waiting:
        ready = [v for v in waiting if all(i in order for i, j in edges if j == v)]
        order.append(ready[0])
        waiting.remove(ready[0])
    order.append(6)
    moved = {(order.index(i), order.index(j)) for i, j in edges}
    return cell(moved, *[one[f"vertex_{vertex}"] for vertex in order[1:6]])


@given(cells, st.permutations(range(1, 6)))
def test_the_order_of_vertices_does_not_matter(one, preference):
    other = renumbered(one, preference)
    assert canonical({"cell": other}) == canonical({"cell": one})
    assert describe({"cell": other}) == describe({"cell": one})


@given(cells, st.sampled_from(OPERATIONS))
def test_dead_ends_do_not_matter(one, operation):
    """Vertex 5 without an edge to the output, whatever feeds it and whatever it is."""
    without = one | {f"edge_{i}_5": 0 for i in range(5)} | {"edge_5_6": 0}
    dead = without | {"edge_2_5": 1, "edge_0_5": 1, "vertex_5": operation}
    assert pruned(dead) == pruned(without)
    assert canonical({"cell": dead}) == canonical({"cell": without})


@given(cells)
def test_every_vertex_of_a_pruned_cell_lies_on_a_way(one):
    graph = pruned(one)
    for vertex in range(1, graph.output):
        assert graph.sources(vertex)
        assert graph.targets(vertex)
    assert all(source < target for source, target in graph.edges)


@given(cells)
def test_another_operation_is_another_cell(one):
    graph = pruned(one)
    for position, name in enumerate(graph.operations):
        for other in set(OPERATIONS) - {name}:
            changed = [*graph.operations[:position], other, *graph.operations[position + 1 :]]
            assert standard_form(Graph(tuple(changed), graph.edges)) != standard_form(graph)


def test_the_form_tells_cells_apart_that_look_alike_vertex_by_vertex():
    """Two pairs in parallel, joined straight or crosswise: same degrees everywhere."""
    straight = [(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 5)]
    crossed = [(0, 1), (0, 2), (1, 4), (2, 3), (3, 5), (4, 5)]
    doubled = [(0, 1), (0, 2), (1, 3), (1, 4), (3, 5), (4, 5), (2, 5)]
    forms = [standard_form(Graph(("a",) * 4, tuple(e))) for e in (straight, crossed, doubled)]
    assert forms[0] == forms[1] != forms[2]


def unique(vertices):
    """Number of different cells of so many vertices, none of them dead, and at most 9 edges."""
    pairs, shapes = list(combinations(range(vertices), 2)), {}
    for number in range(vertices - 1, 10):
        for edges in combinations(pairs, number):
            if alive(edges, vertices):
                blank = standard_form(Graph(("any",) * (vertices - 2), edges))
                shapes.setdefault(repr(blank), edges)
    return sum(
        len({repr(standard_form(Graph(operations, edges))) for operations in labels(vertices)})
        for edges in shapes.values()
    )


def labels(vertices):
    return product(OPERATIONS, repeat=vertices - 2)


def alive(edges, vertices):
    reached, needed = {0}, {vertices - 1}
    for source, target in edges:
        reached |= {target} if source in reached else set()
    for source, target in reversed(edges):
        needed |= {source} if target in needed else set()
    return len(reached & needed) == vertices


@pytest.mark.long
def test_as_many_cells_are_different_as_the_benchmark_has():
    """Of up to 6 vertices; the next test counts those of 7."""
    assert [unique(vertices) for vertices in range(2, 7)] == [1, 6, 84, 2441, 62010]


@pytest.mark.long
def test_the_benchmark_has_423624_cells():
    """The number that Ying et al. (2019) give."""
    assert 1 + 6 + 84 + 2441 + 62010 + unique(7) == 423_624


def meets(edges, budget=9):
    return EdgeBudget(budget)(SimpleNamespace(config={"model": {"cell": cell(edges)}}))


def test_the_edge_budget_counts_what_is_left_after_pruning():
    chain = [(i, i + 1) for i in range(6)]
    assert meets(chain)
    assert meets([*chain, (0, 2), (0, 3), (0, 4)])
    assert not meets([*chain, (0, 2), (0, 3), (0, 4), (0, 5)])
    assert not meets(chain, budget=5)
    dead = [(0, 6), *[(i, 5) for i in range(5)], (0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]
    assert len(dead) > 9
    assert meets(dead)


def test_an_output_without_the_input_is_not_valid():
    assert not meets([])
    assert not meets([(0, 1), (2, 6)])


def test_paths_by_hand():
    """input -> output, input -> conv3x3 -> output, input -> conv3x3 -> conv1x1 -> output."""
    one = cell([(0, 6), (0, 1), (1, 6), (1, 2), (2, 6), (0, 3)], "conv3x3", "conv1x1")
    found = describe({"cell": one})["paths"]
    assert len(found) == 364
    conv3x3, conv1x1 = OPERATIONS.index("conv3x3"), OPERATIONS.index("conv1x1")
    expected = {0, 1 + conv3x3, 1 + 3 + 3 * conv3x3 + conv1x1}
    assert {place for place, there in enumerate(found) if there} == expected


def test_vertices_that_feed_the_output_share_its_channels():
    fan = Graph(("conv1x1",) * 3, ((0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)))
    assert vertex_channels(fan, 10) == [0, 4, 3, 3, 10]


def test_a_vertex_is_as_wide_as_what_it_feeds():
    graph = Graph(("conv1x1",) * 3, ((0, 1), (0, 2), (1, 3), (2, 4), (3, 4)))
    assert vertex_channels(graph, 9) == [0, 4, 5, 4, 9]
    assert vertex_channels(Graph((), ((0, 1),)), 9) == [0, 9]
