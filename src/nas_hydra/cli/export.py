"""``nas-hydra-export``: a retrained network in a format that others run."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import Field, PositiveInt
from yaml import YAMLError

from nas_hydra.artifact import Artifact, read_artifact
from nas_hydra.cli.arguments import ForeignWords, command, unknown
from nas_hydra.config.later import LATER
from nas_hydra.errors import ConfigError, listing, nearest, said
from nas_hydra.export import FormatName

ABOUT = """\
nas-hydra-export run=DIR format=onnx|torch_export|state_dict|python [output=DIR] [images=N]

Write the network of a folder of nas-hydra-retrain in a format that others run. Its input are
images (N, C, H, W), float32 in [0, 1], or rows as the data has them; they are normalised, or
prepared otherwise, inside. What was written is run on test rows and compared with torch; what
differs is not kept. dataset.KEY=VALUE says where the dataset
is now, or anything else of it that has changed.
"""
DATASET = "dataset."


class ExportWords(ForeignWords):
    """What ``nas-hydra-export`` is told."""

    run: Path = Field(description="the folder that nas-hydra-retrain wrote")
    format: FormatName = Field(
        description="onnx, torch_export (.pt2), state_dict (safetensors) or python (model.py)"
    )
    output: Path | None = Field(None, description="where the files go; RUN/export if not given")
    images: PositiveInt = Field(1000, description="how many test rows are compared (1000)")


def run(argv: Sequence[str]) -> int:
    """Export, print and return the exit code.

    Args:
        argv: the program's name, then what was typed.
    """
    return command(argv, ABOUT, ExportWords, _write)


def _write(said: ExportWords, rest: Sequence[str]) -> None:
    """Write the files, and print what they are and how well they agree with torch.

    Raises:
        NasHydraError: if the folder holds no model, or its network cannot be exported.
    """
    for word in rest:
        if not (word.startswith(DATASET) and "=" in word):
            raise unknown(word, ExportWords, ["dataset.KEY"])
    artifact = with_dataset_settings(read_artifact(said.run, "run", said.trust), rest)

    from nas_hydra.export.exporting import checking_rows, export  # loads torch: not for the help

    inputs = checking_rows(artifact, said.images)
    found = export(artifact, said.format, said.output or said.run / "export", inputs)
    for file in found.files:
        print(file)
    print(
        f"the same as torch on {found.rows:,} test {found.unit}: {found.outputs} differ by at most"
        f" {found.difference:.1e}, the largest is {found.largest:.3g}"
    )
    if found.length is not None:
        print(f"its inputs are of length {found.length} only, and any number of rows")


def with_dataset_settings(artifact: Artifact, overrides: Sequence[str]) -> Artifact:
    """The model with other settings of its dataset.

    Raises:
        ConfigError: if its dataset has no such setting.
    """
    dataset = OmegaConf.create(dict(artifact.dataset))
    given = settings(overrides)
    known = list(dict.fromkeys([*map(str, dataset), *LATER["dataset"]]))
    for name in map(str, given):
        if name not in known:
            mend = f"allowed: {listing(known)}{nearest(name, known)}"
            raise ConfigError(DATASET + name, f"is no setting of the dataset; {mend}")
    merged = OmegaConf.to_container(OmegaConf.merge(dataset, given))
    return replace(artifact, config={**artifact.config, "dataset": merged})


def settings(overrides: Sequence[str]) -> DictConfig:
    """What is typed as ``dataset.KEY=VALUE``.

    Raises:
        ConfigError: if a value cannot be read.
    """
    found = OmegaConf.create()
    for word in overrides:
        try:
            found.merge_with_dotlist([word.removeprefix(DATASET)])
        except (YAMLError, OmegaConfBaseException) as error:
            raise ConfigError(word, f"cannot be read as KEY=VALUE ({said(error)})") from error
    return found
