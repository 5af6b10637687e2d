"""``nas-hydra-retrain``: from a search's winner to a trained and tested model."""

import shlex
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from nas_hydra.artifact import DESCRIPTION, read_artifact
from nas_hydra.cli.arguments import ForeignWords, RecordWords, command, typed, unknown
from nas_hydra.cli.export import DATASET, with_dataset_settings
from nas_hydra.shell import pasteable

if TYPE_CHECKING:
    from nas_hydra.retrain.training import Progress
    from nas_hydra.tracker.live_line import LiveLine

FLAG = "--verify"

ABOUT = """\
nas-hydra-retrain run=RUN_DIR [trial=N | pareto=all] [seeds=3] [OVERRIDES]

Train a search's winner from scratch on its training and validation data, over several seeds, and
measure it on the test data: its first use. A random candidate of the same space and, for images, a
network of torchvision's are trained the same way, for comparison; simpler methods are fitted to the
same data, such as a linear model, and on tables gradient boosting. OVERRIDES change the search's
config, in Hydra's words: trainer.max_epochs=30 dataset.limit=null dataset/augment=crop_flip

nas-hydra-retrain --verify DIR checks a model that was made so; --verify --help says more.
"""
VERIFY = """\
nas-hydra-retrain --verify DIR [dataset.KEY=VALUE]

Check a folder of nas-hydra-retrain, without training: that its weights and its data are those of
which it has digests, that neither the search nor the training has seen a test row, and that its
figures are those of the weights, measured anew. The exit code is 1 if something does not hold, and
2 if it cannot be checked. dataset.root=DIR says where the dataset is now.
"""


class RetrainWords(RecordWords):
    """What ``nas-hydra-retrain`` is told."""

    run: Path = Field(description="the folder of a search")
    trial: NonNegativeInt | None = Field(None, description="retrain this one; else the winner")
    pareto: Literal["all"] | None = Field(None, description="all: every trial of the front")
    seeds: PositiveInt = Field(3, description="how often each network is trained (3)")
    baseline: str = Field(
        "auto", description="a name of torchvision.models; auto: of like size; none: leave it out"
    )
    random: bool = Field(True, description="false: without a random candidate")
    references: bool = Field(
        True, description="false: without a constant answer, a linear model and the like"
    )
    folder: Path | None = Field(
        None, description="where the model goes; RUN/retrain, or RUN/retrain-N if not given"
    )
    force: bool = Field(
        False, description="true: also if the data has changed, or a model is there already"
    )


class VerifyWords(ForeignWords):
    """What ``nas-hydra-retrain --verify`` is told."""

    verify: Path = Field(description="the folder of a model, or of a search that has one")


def run(argv: Sequence[str]) -> int:
    """Retrain or verify, print and return the exit code.

    Args:
        argv: the program's name, then what was typed.
    """
    if any(word.partition("=")[0] in ("verify", FLAG) for word in argv[1:]):
        return command([argv[0], *_spelled(argv[1:])], VERIFY, VerifyWords, _verify)
    shown = typed("nas-hydra-retrain", argv[1:])
    return command(
        argv, ABOUT, RetrainWords, lambda said, rest: _retrain_and_write(said, rest, shown)
    )


def _spelled(words: Sequence[str]) -> list[str]:
    """A command's words, in which ``--verify DIR`` is ``verify=DIR``."""
    found = list(words)
    if FLAG in found:
        place = found.index(FLAG)
        named = [word for word in found[place + 1 : place + 2] if not word.startswith("-")]
        found[place : place + 1 + len(named)] = [f"verify={word}" for word in named]
    return [word.removeprefix("--") if word.startswith(f"{FLAG}=") else word for word in found]


def _verify(said: VerifyWords, rest: Sequence[str]) -> None:
    """Check a model's folder, and print what was checked.

    Raises:
        NasHydraError: if something does not hold, or cannot be checked.
    """
    for word in rest:
        if not (word.startswith(DATASET) and "=" in word):
            raise unknown(word, VerifyWords, ["dataset.KEY"])
    below = said.verify / "retrain"
    is_run = not (said.verify / DESCRIPTION).exists() and (below / DESCRIPTION).exists()
    folder = below if is_run else said.verify
    artifact = with_dataset_settings(read_artifact(folder, "verify", said.trust), rest)

    from nas_hydra.retrain.verify import verify  # loads torch: not for the help

    for line in verify(artifact):
        print(line)


def _retrain_and_write(said: RetrainWords, overrides: Sequence[str], shown: str) -> None:
    """Retrain, and print how the networks stand and where the models are.

    Raises:
        NasHydraError: if something is wrong, or a network cannot be trained.
    """
    import logging

    from nas_hydra.document.terminal import content
    from nas_hydra.retrain import Request, retrain  # loads torch: not for the help
    from nas_hydra.retrain.verdict import compared
    from nas_hydra.tracker.terminal import ConsoleHandler

    logging.basicConfig(level=logging.INFO, handlers=[ConsoleHandler()])
    with closing(LiveTrainings()) as live:
        found = retrain(Request(**dict(said)), overrides, shown, live)
    for one in found:
        print(f"\ntrial {one.trial} on the test {one.unit}:")
        print("\n".join([one.verdict, *content(compared(one.results, one.percent))]))
        print(f"the model, its card and its figures: {one.folder}")
        words = [f"run={one.folder}", "format=onnx"]
        words += [f"trust=[{','.join(said.trust)}]"] if said.trust else []
        words += [f"config_dir=[{','.join(map(str, said.config_dirs))}]"] * bool(said.config_dirs)
        print(f"next: {pasteable(shlex.join(['nas-hydra-export', *words]))}")


class LiveTrainings:
    """How far the trainings are: a line for each that has ended, and how long the others take."""

    def __init__(self) -> None:
        self._line: LiveLine | None = None
        self._failed = 0

    def __call__(self, progress: "Progress") -> None:
        """Told as ``nas_hydra.retrain.retrain`` tells it."""
        from nas_hydra.tracker.live_line import LiveLine, RemainingTime
        from nas_hydra.tracker.terminal import messages

        if progress.trial is None or self._line is None:
            self._left = RemainingTime(progress.total)
            self._line = LiveLine(messages, self._left, messages.is_terminal)
            self._line.start("training")
            return
        self._failed += not progress.trial.complete
        messages.print(f"{progress.done}/{progress.total}  {progress.what}: {progress.outcome}")
        self._left.tell(progress.trial, False, perf_counter())
        self._line.advance("training", self._failed)

    def close(self) -> None:
        """Take the line away."""
        if self._line:
            self._line.stop()
