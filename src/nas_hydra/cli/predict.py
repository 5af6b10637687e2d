"""``nas-hydra-predict``: what a retrained network says of images."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nas_hydra.artifact import read_artifact
from nas_hydra.cli.arguments import ForeignWords, command, unknown
from nas_hydra.errors import ConfigError, NasHydraError, printable
from nas_hydra.predict import Prediction, Skipped

ABOUT = """\
nas-hydra-predict model=DIR IMAGES... [format=table|json] [top=N] [resize=true|false]
                  [pixel_limit=N]

Classify images with the network of a folder of nas-hydra-retrain. IMAGES are files, folders with
images in them, or - for paths on standard input, one a line. Images that cannot be used are
skipped and counted; the exit code is 1 if that leaves none. Those that the model was trained on
are named, as far as its folder tells.
"""


class PredictWords(ForeignWords):
    """What ``nas-hydra-predict`` is told."""

    model: Path = Field(description="the folder that nas-hydra-retrain wrote")
    format: Literal["table", "json"] = Field("table", description="table (the default) or json")
    top: PositiveInt = Field(3, description="how many classes the table shows of each image (3)")
    resize: bool | None = Field(
        None,
        description="whether images of another size are resized or skipped; resized if not given"
        " and those of the training were, else skipped",
    )
    pixel_limit: PositiveInt = Field(
        100_000_000, description="images with more pixels are not decoded, but skipped (100000000)"
    )


class NothingPredictedError(NasHydraError):
    """No image could be classified."""


def run(argv: Sequence[str]) -> int:
    """Classify, print and return the exit code.

    Args:
        argv: the program's name, then what was typed.
    """
    return command(argv, ABOUT, PredictWords, _classify)


def _classify(said: PredictWords, images: Sequence[str]) -> None:
    """Print what the images are, and say on standard error which were skipped.

    Raises:
        NasHydraError: if the model or an image is not there, or no image can be used.
    """
    for word in images:
        if word.partition("=")[0].isidentifier() and "=" in word and not Path(word).exists():
            raise unknown(word, PredictWords)
    if not images:
        raise ConfigError("images", "none are given; say files, folders, or - for standard input")
    artifact = read_artifact(said.model, trust=said.trust)

    from nas_hydra.predict.images import files_of  # these load torch: not for the help
    from nas_hydra.predict.predicting import predict

    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # a path need not be UTF-8
    files = files_of(images, sys.stdin or ())
    found = list(_told(predict(artifact, files, said.resize, said.pixel_limit)))
    classified = [one for one in found if isinstance(one, Prediction)]
    skipped = [one for one in found if isinstance(one, Skipped)]
    if said.format == "json":
        print(json.dumps(_document(said.model, classified, skipped), indent=2))
    elif classified:
        Console(highlight=False, soft_wrap=True).print(table(classified, said.top))
    count = f"{len(classified)} classified, {len(skipped)} skipped"
    if not classified:
        raise NothingPredictedError(f"no image could be classified ({count})")
    print(count, file=sys.stderr)


def _told(
    found: Iterable[Prediction | Skipped],
) -> Iterable[Prediction | Skipped]:
    """The same, each message printed to standard error as soon as it is known."""
    for one in found:
        message = f"skipped, {one.reason}" if isinstance(one, Skipped) else one.note
        if message:
            print(f"{printable(one.image)}: {message}", file=sys.stderr)
        yield one


def _document(
    model: Path, classified: Sequence[Prediction], skipped: Sequence[Skipped]
) -> dict[str, object]:
    """What is printed as JSON."""
    return {
        "model": str(model),
        "predictions": [
            {
                "image": one.image,
                "label": one.label,
                "probability": one.probabilities[one.label],
                "probabilities": dict(one.probabilities),
                "trained_on": one.trained_on,
            }
            for one in classified
        ],
        "skipped": [asdict(one) for one in skipped],
    }


def table(classified: Sequence[Prediction], top: int) -> Table:
    """A row for each image: its class, how probable that is, and the next classes."""
    rows = Table("image", "class", "probability", box=SIMPLE_HEAD)
    if top > 1:
        rows.add_column("next")
    for one in classified:
        shares = [(label, f"{share:.1%}") for label, share in one.probabilities.items()]
        following = ", ".join(f"{label} {share}" for label, share in shares[1:top])
        cells = (one.image, *shares[0], following)[: 3 + (top > 1)]
        rows.add_row(*(Text(printable(cell)) for cell in cells))
    return rows
