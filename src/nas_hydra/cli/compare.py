"""``nas-hydra-compare``: strategies side by side."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from nas_hydra.cli.arguments import RecordWords, attempt, described_words, read_words, typed
from nas_hydra.comparison import Comparison, compare
from nas_hydra.comparison.comparing import publish, write
from nas_hydra.comparison.content import overview
from nas_hydra.comparison.plots import AXES
from nas_hydra.document.terminal import lines
from nas_hydra.errors import NasHydraError

ABOUT = """\
Compare searches: how good their best candidates are after so many trials, epochs and seconds, how
soon a target is reached, and whether the difference is more than luck.
"""
EPILOG = """\
  nas-hydra-compare outputs/2026-01-31/12-00-00-sweep
  nas-hydra-compare 'outputs/*/*-evolution-*' --by strategy.population_size

{words}

docs/comparing.md explains every number.
"""


def run(argv: Sequence[str]) -> int:
    """Compare, print, write, and return the exit code.

    Args:
        argv: the program's name, then what was typed.
    """
    known = _parser()
    try:
        said, rest = read_words(argv[1:], RecordWords)
    except NasHydraError as error:
        known.error(str(error))
    given = known.parse_args(rest)
    if not given.wandb and (given.project or given.entity):
        known.error("--project and --entity are where a W&B report goes; say --wandb too")
    command = typed("nas-hydra-compare", argv[1:])
    return attempt(lambda: _compare(given, said, command))


def _parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        prog="nas-hydra-compare",
        description=ABOUT,
        epilog=EPILOG.format(words="\n".join(described_words(RecordWords))),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = found.add_argument
    add("folders", nargs="+", type=Path, metavar="RUN_DIR", help="a run, a sweep, or a glob")
    add("--by", type=_names, default=(), metavar="KEY[,KEY]", help="the settings to group by")
    add("--target", type=_number, metavar="X", help="the value whose first reaching is counted")
    add("--objective", metavar="NAME", help="to compare, if there are several or others")
    add("--axis", choices=AXES, help="by what it takes: trials, epochs, seconds or cost")
    add("--allow-mixed", action="store_true", help="compare unlike runs on their common part")
    add("--output", type=Path, metavar="DIR", help="where the files go")
    add("--wandb", action="store_true", help="publish a W&B report too")
    add("--project", metavar="P", help="the report's W&B project")
    add("--entity", metavar="E", help="the report's W&B user or team")
    return found


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"is '{text}'; it must be a finite number")
    return number


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _compare(given: argparse.Namespace, said: RecordWords, command: str) -> None:
    """The comparison in the terminal, in files and, if wanted, at W&B.

    Raises:
        NasHydraError: if the runs are not comparable, or W&B cannot be reached.
    """
    asked = (given.by, given.target, given.allow_mixed, command, given.objective)
    comparison = compare(given.folders, *asked, trust=said.trust, url=said.url, axis=given.axis)
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    show(comparison, console)
    folder = given.output or home(given.folders)
    for file in write(comparison, folder):
        console.print(str(file))
    if given.wandb:
        console.print(publish(comparison, given.project, given.entity, folder))


def home(folders: Sequence[Path]) -> Path:
    """Where the files go: into the one folder that was given, else into ``comparison``."""
    return folders[0] if len(folders) == 1 and folders[0].is_dir() else Path("comparison")


def show(comparison: Comparison, console: Console) -> None:
    """The headline, a table for each task, the sentences and the notes."""
    for line in lines(overview(comparison)):
        console.print(line)
