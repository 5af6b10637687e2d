"""The commands; ``nas_hydra.cli`` is the only place that knows ``hydra.main``."""

import os
import sys
from io import TextIOWrapper

from nas_hydra import __version__


def begin() -> None:
    """What every command begins with: texts that can be printed, and its version if that is asked.

    Python prints what it cannot encode, such as file names that are no UTF-8, as an escape on
    standard error only.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if "--version" in sys.argv[1:]:
        print(f"nas-hydra {__version__}")
        sys.exit()


def main() -> None:
    """Search, sweep or explain, as the command line says; see the README for the exit codes."""
    begin()
    if {"--help", "-h"} & set(sys.argv[1:]):
        from nas_hydra.cli.arguments import show_help

        show_help(sys.argv[1:])
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises instead of printing and exiting
    from nas_hydra.cli.app import run

    sys.exit(run())


def compare() -> None:
    """Put searches side by side. The exit codes are those above."""
    begin()
    from nas_hydra.cli.compare import run

    sys.exit(run(sys.argv))


def space() -> None:
    """Show what a search could choose from; nothing is trained. The exit codes are those above."""
    begin()
    os.environ["HYDRA_FULL_ERROR"] = "1"
    from nas_hydra.cli.space import run

    sys.exit(run(sys.argv))


def export() -> None:
    """Write a retrained network in a format that others run. The exit codes are those above."""
    begin()
    from nas_hydra.cli.export import run

    sys.exit(run(sys.argv))


def predict() -> None:
    """Say what a retrained network says of files. The exit codes are those above."""
    begin()
    from nas_hydra.cli.predict import run

    sys.exit(run(sys.argv))


def new() -> None:
    """Say what a file or a folder holds, and how to begin. The exit codes are those above."""
    begin()
    from nas_hydra.cli.new import run

    sys.exit(run(sys.argv))


def explain() -> None:
    """Say why a search's winner won. The exit codes are those above."""
    begin()
    from nas_hydra.cli.explain import run

    sys.exit(run(sys.argv))


def retrain() -> None:
    """Train a search's winner to the end, and test it. The exit codes are those above."""
    begin()
    from nas_hydra.cli.retrain import run

    sys.exit(run(sys.argv))
