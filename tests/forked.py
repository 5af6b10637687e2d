"""Commands by the hundred, each in a process of its own, forked from one that has torch."""

import contextlib
import multiprocessing
import os
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["forked", "nas_hydra.cli.app", "nas_hydra.evaluator.train"])


@dataclass(frozen=True)
class Ended:
    """What a command left behind; the code is None if it did not end."""

    code: int | None
    printed: str


def command(
    program: str, folder: Path, arguments: Sequence[str], processor: int, patience: int
) -> Ended:
    """Run a command in a folder.

    Args:
        program: the name of a function of ``nas_hydra.cli``.
        folder: where it works; what it prints goes to a file beside it.
        arguments: the command line without the command's name.
        processor: seconds of processor time after which it is killed.
        patience: seconds of the clock after which it is killed.
    """
    output = folder.with_suffix(".output")
    child = CONTEXT.Process(target=_command, args=(program, folder, output, arguments, processor))
    child.start()
    child.join(patience)
    code = child.exitcode
    if code is None:
        child.kill()
        child.join()
    return Ended(code, output.read_text(errors="replace"))


def _command(
    program: str, folder: Path, output: Path, arguments: Sequence[str], processor: int
) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.chdir(folder)
    with output.open("w") as stream:
        os.dup2(stream.fileno(), sys.stdout.fileno())
        os.dup2(stream.fileno(), sys.stderr.fileno())
    os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": str(folder)}
    sys.argv = [program, *arguments]
    from nas_hydra import cli

    with contextlib.redirect_stdout(os.fdopen(1, "w", buffering=1, closefd=False)):
        getattr(cli, program)()
