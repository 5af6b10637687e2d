"""A Python that finds torch, what torch requires, and nothing else."""

import subprocess
import sys
from importlib.metadata import distribution, requires
from pathlib import Path

from packaging.requirements import Requirement


def link_torch(folder: Path) -> None:
    """Fill a folder with links to the packages of torch and of all that it requires."""
    for name in required("torch"):
        found = distribution(name)
        for part in {file.parts[0] for file in found.files} - {"..", "__pycache__"}:
            if not (folder / part).is_symlink():  # some share a namespace, such as nvidia
                (folder / part).symlink_to(found.locate_file(part))


def required(wanted: str) -> set[str]:
    """A distribution and those that it requires here; of extras, what a requirement names."""
    seen: set[tuple[str, str]] = set()
    waiting = [(wanted, "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for one in map(Requirement, requires(name) or ()):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                waiting += [(one.name, more) for more in ("", *one.extras)]
    return {name for name, _ in seen}


def run(code: str, path: list[Path], cwd: Path) -> subprocess.CompletedProcess:
    """Run code with the standard library and the modules of these folders."""
    begin = f"import sys; sys.path += {[str(folder) for folder in path]}\n"
    command = [sys.executable, "-I", "-S", "-c", begin + code]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)
