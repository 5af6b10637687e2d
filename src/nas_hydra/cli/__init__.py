"""The commands; ``nas_hydra.cli`` is the only place that knows ``hydra.main``."""

import os
import sys
from io import TextIOWrapper


def make_printable() -> None:
    """Let every text be printed, also file names that are no UTF-8, and on terminals that are not.

    Python prints what it cannot encode as an escape on standard error only.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main() -> None:
    """Search, sweep or explain, as the command line says; see the README for the exit codes."""
    make_printable()
    if {"--help", "-h"} & set(sys.argv[1:]):
        from nas_hydra.cli.help import show_help

        show_help(sys.argv[1:])
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises instead of printing and exiting
    from nas_hydra.cli.app import run

    sys.exit(run())


def compare() -> None:
    """Put searches side by side. The exit codes are those above."""
    make_printable()
    from nas_hydra.cli.compare import run

    sys.exit(run(sys.argv))


def space() -> None:
    """Show what a search could choose from; nothing is trained. The exit codes are those above."""
    make_printable()
    os.environ["HYDRA_FULL_ERROR"] = "1"
    from nas_hydra.cli.space import run

    sys.exit(run(sys.argv))


def export() -> None:
    """Write a retrained network in a format that others run. The exit codes are those above."""
    make_printable()
    from nas_hydra.cli.export import run

    sys.exit(run(sys.argv))


def predict() -> None:
    """Classify images with a retrained network. The exit codes are those above."""
    make_printable()
    from nas_hydra.cli.predict import run

    sys.exit(run(sys.argv))


def explain() -> None:
    """Say why a search's winner won. The exit codes are those above."""
    make_printable()
    from nas_hydra.cli.explain import run

    sys.exit(run(sys.argv))


def retrain() -> None:
    """Train a search's winner to the end, and test it. The exit codes are those above."""
    make_printable()
    from nas_hydra.cli.retrain import run

    sys.exit(run(sys.argv))
