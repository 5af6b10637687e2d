"""The sections of a search's page on which decisions mattered."""

from markupsafe import Markup

from nas_hydra.page import Cell, bar, folded, note, paragraph, table
from nas_hydra.report.importance import UnknownImportanceError, importances
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.traits import Trait, traits

MOST_TRAITS = 15
"""How many are shown at first."""
FEWEST, WEAK = 2, 10
"""Trials that a best tenth needs to have something in common at all, and to say much."""


def important(outcome: Outcome) -> list[Markup]:
    """The importance of each decision, as Optuna reckons it."""
    try:
        found = importances(outcome.ranked, outcome.genes, outcome.run.objectives)
    except UnknownImportanceError as reason:
        return [note(f"Not told: {reason}.")]
    left_out = [gene.name for gene in outcome.genes if gene.name not in found]
    never = f" Never active, so left out: {', '.join(left_out)}." if left_out else ""
    return [
        table(["decision", "importance"], [[name, bar(part)] for name, part in found.items()]),
        note(
            "PED-ANOVA (Watanabe et al. 2023), as Optuna reckons it: how far the decisions of the"
            " best tenth are from those of all trials, as shares of the sum. A search that comes to"
            " agree on a decision has little left to compare, and the decision looks unimportant"
            " although it matters most: for what mattered in the space, see nas-hydra-explain."
            + never
        ),
    ]


def common(outcome: Outcome) -> list[Markup]:
    """What the best tenth has more often than all trials."""
    best, everyone = outcome.best_tenth, outcome.ranked
    found = traits(best, everyone, outcome.genes) if best else []
    if len(best) < FEWEST or not found:
        return [note(f"Not told: {len(everyone)} complete trials have too small a best tenth.")]
    weak = " Of so few, that is weak evidence." if len(best) < WEAK else ""
    columns = ["decision", "value", f"best {len(best)}", f"all {len(everyone)}"]
    shown = [trait for trait in found if trait.difference > 0][:MOST_TRAITS]
    return [
        paragraph(
            "Values that the best tenth of the candidates took more often than all did, as shares"
            " of both, the most telling first. A strategy tries more of what it has found good, so"
            " the shares of all are no longer those of chance." + weak
        ),
        table(columns, map(row, shown)),
        folded(f"All {len(found)} values", table(columns, map(row, found))),
    ]


def row(trait: Trait) -> list[Cell]:
    """A value's line in the table."""
    return [trait.gene, trait.decision, bar(trait.best), bar(trait.all)]
