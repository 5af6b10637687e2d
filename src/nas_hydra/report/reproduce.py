"""The section of a search's page on how to make it anew."""

import re
import shlex

from markupsafe import Markup
from omegaconf import OmegaConf

from nas_hydra.page import code, folded, note, paragraph, table
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.summary import versions
from nas_hydra.run import OVERRIDE, Run


def reproduce(outcome: Outcome) -> list[Markup]:
    """The command, how to go on after an interruption, and what it ran with."""
    run = outcome.run
    resume = [paragraph("To go on with this one:"), code(run.command)]
    return [
        paragraph("The same search in a new folder:"),
        code(command(run)),
        *([] if outcome.ended else resume),
        note(f"It was written to {run.folder.absolute()}; .hydra/config.yaml has every setting."),
        folded("Versions", table(["package", "version"], versions().items())),
    ]


def command(run: Run) -> str:
    """What to type for this very run, also where it was one of a sweep."""
    file = run.folder / ".hydra" / "overrides.yaml"
    if not file.exists():
        return run.command
    words = shlex.split(run.command)
    sweep = ("-m", "--multirun")
    options = [word for word in words[1:] if not re.match(OVERRIDE, word) and word not in sweep]
    overrides = [str(word) for word in OmegaConf.load(file)]
    return shlex.join([words[0], *options, *overrides])
