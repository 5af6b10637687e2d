"""The section of a search's page on how to make it anew."""

import shlex

import yaml
from markupsafe import Markup

from nas_hydra.bounded_yaml import read_yaml
from nas_hydra.page import code, folded, note, paragraph, table
from nas_hydra.report.outcome import Outcome
from nas_hydra.report.summary import versions
from nas_hydra.run import Run, parted
from nas_hydra.shell import pasteable


def reproduce(outcome: Outcome) -> list[Markup]:
    """The command, how to go on after an interruption, and what it ran with."""
    run = outcome.run
    resume = [paragraph("To go on with this one:"), code(pasteable(run.command))]
    return [
        paragraph("The same search in a new folder:"),
        code(pasteable(command(run))),
        *([] if outcome.ended else resume),
        note(f"It was written to {run.folder.absolute()}; .hydra/config.yaml has every setting."),
        folded("Versions", table(["package", "version"], versions().items())),
    ]


def command(run: Run) -> str:
    """What to type for this very run, also where it was one of a sweep."""
    overrides = overrides_of(run)
    if overrides is None:
        return run.command
    words = shlex.split(run.command)
    sweep = ("-m", "--multirun")
    options = [word for word in parted(words[1:])[0] if word not in sweep]
    return shlex.join([words[0], *options, *overrides])


def overrides_of(run: Run) -> list[str] | None:
    """What was typed for this very run; None if the file that says so is missing or damaged."""
    file = run.folder / ".hydra" / "overrides.yaml"
    try:
        typed = read_yaml(file)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return [str(word) for word in typed] if isinstance(typed, list) else None
