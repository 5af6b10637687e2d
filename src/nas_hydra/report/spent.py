"""What a search has spent, where the costs of its candidates are counted."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean, median
from typing import Any

from nas_hydra.document.text import amount, share
from nas_hydra.run import Run
from nas_hydra.trial import Trial

TIMES = 2.0
"""From here on a ratio is told as so many times, below as a share."""


def spent(run: Run, trials: Sequence[Trial], best: Trial | None) -> dict[str, Any]:
    """What ``summary.json`` says of costs; empty where they are not counted.

    Args:
        run: what it is.
        trials: all of them.
        best: the winner; None if there is none.
    """
    if run.cost is None:
        return {}
    known = [one.cost for one in trials if one.cost is not None and one.duplicate_of is None]
    found: dict[str, Any] = {"unit": run.cost, "spent": sum(known)}
    if limit := run.budget.get("cost"):
        found["budget"] = limit
    if known:
        found |= {"cheapest": min(known), "median": median(known), "dearest": max(known)}
        found["average"] = fmean(known)
    if best is not None and best.cost is not None:
        found["winner"] = best.cost
    unknown = sum(one.cost is None for one in trials)
    return {"cost": {**found, **({"unknown": unknown} if unknown else {})}}


def spent_in_words(found: Mapping[str, Any]) -> Iterator[str]:
    """What was spent, how it is spread, and what the winner costs.

    Args:
        found: the summary's ``cost``.
    """
    unit = found["unit"]
    of = f" of {amount(found['budget'], unit)}" if "budget" in found else ""
    yield f"{amount(found['spent'], unit)}{of} spent"
    if "median" in found:
        low, middle, high = (
            amount(found[name], unit) for name in ("cheapest", "median", "dearest")
        )
        yield f"a trial costs {low} to {high}, half of them up to {middle}"
    if told := winner_in_words(found):
        yield told
    if unknown := found.get("unknown"):
        yield f"of {unknown:,} the cost is not known"


def winner_in_words(found: Mapping[str, Any]) -> str:
    """What the winner costs against the average; empty if that is not known."""
    if not found.get("average") or "winner" not in found:
        return ""
    ratio = found["winner"] / found["average"]
    against = f"{ratio:.2g} times" if ratio >= TIMES else f"{share(ratio)} of"
    return f"the winner costs {amount(found['winner'], found['unit'])}, {against} the average"
