"""The path encoding itself."""

from nas_hydra.cell.path import path_features, step_features, views


def test_one_feature_per_route_in_a_fixed_order():
    found = [("a",), ("b", "a"), ("b", "a")]
    assert path_features(found, ["a", "b"], range(1, 3)) == [1, 0, 0, 0, 1, 0]


def test_routes_of_other_lengths_are_left_out():
    assert path_features([("a", "b"), ()], ["a", "b"], range(1, 2)) == [0, 0]


def test_steps_are_pairs_with_the_input_and_the_output():
    # input -> a, b, output; a -> a, b, output; b -> a, b, output
    assert step_features([("a", "b"), ("a",)], ["a", "b"]) == [1, 0, 0, 0, 1, 1, 0, 0, 1]
    assert step_features([()], ["a", "b"]) == [0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_an_operation_on_several_ways_counts_once():
    ways = [("first", "second"), ("first", "third")]
    operation = {"first": "a", "second": "b", "third": "a", "dead": "b"}
    found = views(ways, operation, ["a", "b"], [2])
    assert found["operations"] == [2, 1]
    assert found["paths"] == [1, 1, 0, 0]
