"""Commands as they are shown to be pasted into the shell in which this one was typed."""

import os
import shlex
import sys
from pathlib import Path
from shutil import which


def pasteable(command: str) -> str:
    """One of our commands that finds what this one has found.

    That is the user's modules, by the same ``PYTHONPATH``, and the program, also where this one
    was typed with its folder since that is not among those that the shell looks in.

    Args:
        command: begins with the program's name.
    """
    name, *words = shlex.split(command)
    path = os.environ.get("PYTHONPATH")
    setting = f"PYTHONPATH={shlex.quote(path)} " if path else ""
    return setting + shlex.join([_program(name), *words])


def _program(name: str) -> str:
    beside = os.path.join(os.path.dirname(sys.argv[0]), name)
    found = which(name)
    if not os.path.isfile(beside) or (found and os.path.samefile(found, beside)):
        return name
    return beside


def from_here(folder: Path) -> str:
    """A folder as one would type it: from the working folder, if it lies within."""
    place, here = folder.absolute(), Path.cwd()
    return str(place.relative_to(here) if here in place.parents else place)
