"""``nas-hydra --help``: the groups, their options, and what each is for."""

import argparse
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOTS: tuple[Traversable, ...] = (files("nas_hydra.conf"),)


def groups(more: Sequence[Path] = ()) -> dict[str, dict[str, str]]:
    """Group -> option -> the first comment line of its file.

    Args:
        more: further config folders, as given by ``--config-dir``.
    """
    found: dict[str, dict[str, str]] = {}
    for root in (*ROOTS, *more):
        _collect(root, "", found)
    found.pop("", None)
    return {group: dict(sorted(options.items())) for group, options in sorted(found.items())}


def _collect(folder: Traversable, group: str, found: dict[str, dict[str, str]]) -> None:
    for entry in folder.iterdir():
        below = f"{group}/{entry.name}".lstrip("/")
        if entry.is_dir() and not entry.name.startswith(("_", ".")) and below != "hydra":
            _collect(entry, below, found)
        elif entry.name.endswith(".yaml"):
            option = entry.name.removesuffix(".yaml")
            found.setdefault(group, {})[option] = purpose(entry)


def purpose(file: Traversable) -> str:
    """What a config file is for: its first comment line."""
    first = file.read_bytes().decode(errors="replace").splitlines()[:1]
    return first[0].removeprefix("#").strip() if first and first[0].startswith("#") else ""


USAGE = """\
[bold]nas-hydra[/] \\[OVERRIDES]   search for a network: a config with choices left open

  nas-hydra                                        evolution over a small convolutional space
  nas-hydra dataset=fashion_mnist budget.trials=50
  nas-hydra -m strategy=evolution,random seed=0,1,2,3,4,5,6   a sweep: one search each
  nas-hydra 'optimizer.lr={_float_:{low:1e-3,high:1e-1,log:true}}'   open any value
  nas-hydra evaluator=tabular evaluator.table=FILE evaluator.value=COLUMN   search a table
  nas-hydra hydra.run.dir=FOLDER                   name the run's folder; again: go on with it
"""
SIBLINGS = {
    "nas-hydra-space": "what a search could choose from, before anything is trained",
    "nas-hydra-retrain": "train a search's winner to the end, and test it",
    "nas-hydra-predict": "classify images with a retrained network",
    "nas-hydra-export": "write a retrained network as ONNX, Python code and others",
    "nas-hydra-explain": "why a search's winner won",
    "nas-hydra-compare": "searches side by side, with statistics",
}
SETTINGS = {
    "seed=0": "of the strategy",
    "budget.trials=30": "how many candidates are proposed",
    "budget.repeats=0": "how often a known candidate may be evaluated again when proposed again",
    "GROUP.KEY=VALUE": "any key of a group's file, for example strategy.population_size=20",
}
FLAGS = {
    "-m": "run a sweep over values with commas",
    "--config-dir DIR": "add your own options: DIR/search_space/mine.yaml is search_space=mine",
    "--cfg job": "print the composed config and stop",
    "--version": "of nas-hydra; every command knows it",
    "--hydra-help": "Hydra's own flags",
}


def show_help(arguments: Sequence[str]) -> None:
    """Print the help, with the options of a ``--config-dir`` among the others."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--config-dir", "-cd", type=Path)
    given, _ = parser.parse_known_args(arguments)
    console = Console(highlight=False)
    console.print(USAGE, soft_wrap=True)
    for group, options in groups([given.config_dir] if given.config_dir else []).items():
        _section(console, f"{group}=", options)
    _section(console, "settings", SETTINGS)
    _section(console, "flags", FLAGS)
    _section(console, "other commands, each with --help", SIBLINGS)


def _section(console: Console, title: str, rows: dict[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=20)
    for name, text in rows.items():
        table.add_row(f"  {name}", text)
    console.print(f"[bold]{title}[/]")
    console.print(table)
