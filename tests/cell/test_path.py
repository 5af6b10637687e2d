"""The path encoding itself."""

from nas_hydra.cell.path import path_features


def test_one_feature_per_route_in_a_fixed_order():
    found = [("a",), ("b", "a"), ("b", "a")]
    assert path_features(found, ["a", "b"], range(1, 3)) == [1, 0, 0, 0, 1, 0]


def test_routes_of_other_lengths_are_left_out():
    assert path_features([("a", "b"), ()], ["a", "b"], range(1, 2)) == [0, 0]
