"""The path encoding of DARTS cells."""

from nas_hydra.cell.darts import OPERATIONS, describe, operations_of, ways


def node(inputs, *operations):
    return {"inputs": list(inputs), "operations": list(operations)}


CELL = [
    node((0, 1), "sep_conv_3x3", "skip_connect"),
    node((0, 2), "max_pool_3x3", "dil_conv_3x3"),
    node((0, 1), "skip_connect", "skip_connect"),
    node((0, 1), "skip_connect", "skip_connect"),
]


def test_routes_from_each_input_end_at_every_node():
    first = {("sep_conv_3x3",), ("max_pool_3x3",), ("sep_conv_3x3", "dil_conv_3x3")}
    operation = operations_of(CELL)

    def routes(start):
        return {tuple(operation[edge] for edge in way) for way in ways(CELL, start)}

    assert routes(0) == first | {("skip_connect",)}
    assert routes(1) == {("skip_connect",), ("skip_connect", "dil_conv_3x3")}


def test_features_stand_by_kind_of_cell_input_and_length():
    plain = [node((0, 1), "skip_connect", "skip_connect")] * 4
    found = describe({"normal": CELL, "reduction": plain}, longest=2)["paths"]
    per_input = 7 + 49
    assert len(found) == 4 * per_input
    skip, dilated = OPERATIONS.index("skip_connect"), OPERATIONS.index("dil_conv_3x3")
    second = found[per_input : 2 * per_input]
    assert {i for i, there in enumerate(second) if there} == {skip, 7 + 7 * skip + dilated}
    assert found[2 * per_input + skip] == 1
    assert sum(found[2 * per_input :]) == 2


def test_long_paths_are_left_out():
    model = {"normal": CELL, "reduction": CELL}
    assert len(describe(model, longest=1)["paths"]) == 4 * 7
    assert len(describe(model, longest=4)["paths"]) == 4 * (7 + 49 + 343 + 2401)
