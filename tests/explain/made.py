"""An explanation made by hand, with something in every part of it."""

from nas_hydra.explain.result import (
    Ablation,
    AblationStep,
    Ancestor,
    Effect,
    Estimate,
    Explanation,
    Importance,
    Level,
    Neighbour,
    RankedTrial,
    Robustness,
    Surface,
)

WINNER = {"op": "conv|3x3", "width": 32}


def effect(gene: str, *decisions: str, winner: str) -> Effect:
    """Each decision is worth a hundredth more than the one before."""
    values = [0.9 + place / 100 for place in range(len(decisions))]
    levels = [
        Level(decision, value, value - 0.002, value + 0.003, decision == winner)
        for decision, value in zip(decisions, values, strict=True)
    ]
    return Effect(gene, False, levels)


def explanation(**changes) -> Explanation:
    start = Estimate({"op": "skip", "width": 16}, 0.91, 0.912, "measured", 4)
    between = Estimate({"op": "conv|3x3", "width": 16}, 0.93, 0.93, "predicted")
    won = Estimate(WINNER, 0.94, 0.951, "measured", 17)
    smaller = Estimate({"op": "conv|3x3", "width": 24}, 0.945, 0.945, "predicted")
    found = {
        "run": "outputs/night",
        "objective": "val_acc",
        "direction": "maximize",
        "winner": won,
        "trials": 40,
        "agreement": 0.83,
        "importances": [
            Importance(("op",), 0.612, 0.5, 0.7),
            Importance(("width",), 0.2, 0.1, 0.31),
        ],
        "interactions": [Importance(("op", "width"), 0.08, 0.02, 0.15)],
        "effects": [
            effect("op", "skip", "conv|3x3", winner="conv|3x3"),
            effect("width", "16", "24", "32", "64", winner="32"),
        ],
        "surfaces": [Surface(("op", "width"), ["skip"], ["16", "32"], [[0.9, None]])],
        "ablation": Ablation(
            start,
            "trial 4, the median of 20 random candidates",
            [
                AblationStep("op", "skip", "conv|3x3", ["depth"], between, 0.02, "predicted"),
                AblationStep("width", 16, 32, [], won, 0.01, "predicted"),
            ],
        ),
        "lineage": [
            Ancestor(4, "random", None, {}, 0.912, None),
            Ancestor(17, "mutation", 4, {"op": ("skip", "conv|3x3")}, 0.951, 0.039),
        ],
        "tolerance": 0.01,
        "neighbours": [
            Neighbour(
                *({"width": (32, 24)}, smaller, -0.006, "predicted"), 900, 12_000, -0.25, -0.22
            )
        ],
        "robustness": Robustness(
            *("predictor", 0.007, 0.33, 0.71),
            [RankedTrial(17, 0.951, 0.67), RankedTrial(9, 0.949, 0.33)],
        ),
        "summary": ["What matters most for val_acc: op 61 %.", "The predictor can be followed."],
        "notes": ["The search is not finished; this is what it has found so far."],
    }
    return Explanation(**{**found, **changes})
