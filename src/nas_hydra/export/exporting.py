"""From a retrained model to files that others run, and whether they compute the same."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from nas_hydra.artifact import Artifact
from nas_hydra.dataset import Tree
from nas_hydra.dataset.raw import raw_rows
from nas_hydra.dataset.tree import alike, joined, leaves, number_of_rows, selected, tree_map
from nas_hydra.dataset.tree import form_of as described
from nas_hydra.errors import ConfigError, NasHydraError, listing
from nas_hydra.evaluator.prepared import Prepared, task_of
from nas_hydra.export import FormatName
from nas_hydra.export.format import ROWS, Format, Trained, first_cause
from nas_hydra.export.onnx import Onnx
from nas_hydra.export.python import Python
from nas_hydra.export.state_dict import StateDict
from nas_hydra.export.torch_export import TorchExport, length_dimensions
from nas_hydra.files.small_file import drafted
from nas_hydra.network import network_of, outputs

FORMATS: Mapping[FormatName, Format] = {
    "onnx": Onnx(),
    "torch_export": TorchExport(),
    "state_dict": StateDict(),
    "python": Python(),
}

TOLERANCE = 1e-4
"""How far outputs may be from torch's, as a share of the largest, or of 1 if that is less."""


class ExportError(NasHydraError):
    """What was exported does not compute what torch does."""


@dataclass(frozen=True)
class Exported:
    """What was written, and how well it was checked.

    Args:
        files: that were written.
        rows: of how many test rows both have made something.
        unit: what these are called.
        outputs: what is made of them is called.
        difference: the largest between two numbers of it.
        largest: the largest number, which says how much that is.
        length: the only one that inputs may have; None if they have none, or may have any.
    """

    files: Sequence[Path]
    rows: int
    unit: str
    outputs: str
    difference: float
    largest: float
    length: int | None = None


def export(artifact: Artifact, name: FormatName, folder: Path, inputs: Tree) -> Exported:
    """Write a retrained model in another format; nothing if that does not compute the same.

    Args:
        artifact: the retrained model.
        name: of the format.
        folder: where its files go.
        inputs: to check it with, (N, ...), as the data has them; images (N, C, H, W), in [0, 1].

    Raises:
        ConfigError: if a layer cannot be expressed in the format, naming it.
        ExportError: if the outputs differ by more than ``TOLERANCE``, or the format's library
            fails.
    """
    chosen, output = FORMATS[name], task_of(artifact.config).output
    sample = selected(inputs, torch.arange(ROWS) % number_of_rows(inputs))
    trained = Trained(artifact, network_of(artifact), sample, output)
    words = "images" if artifact.image else "rows", output if output == "logits" else "outputs"
    with drafted(folder) as draft, _told(name):
        chosen.write(trained, draft)
        found = _compare(trained, chosen, draft, inputs, words)
        length = _only_length(trained, chosen, draft, inputs)
        if length is not None:  # what was written may take others, and be wrong
            chosen.write(replace(trained, any_length=False), draft)
    return Exported(
        [folder / file for file in chosen.files], number_of_rows(inputs), *words, *found, length
    )


@contextmanager
def _told(name: FormatName) -> Iterator[None]:
    """Whatever a format's library raises, as an ``ExportError`` of one line."""
    try:
        yield
    except (NasHydraError, OSError):
        raise
    except Exception as error:
        others = listing(other for other in FORMATS if other != name)
        raise ExportError(
            f"{name} cannot export this network ({first_cause(error)}). Nothing was written; other"
            f" formats: {others}"
        ) from error


def _compare(
    trained: Trained, written: Format, folder: Path, inputs: Tree, words: tuple[str, str]
) -> tuple[float, float]:
    """The largest difference between two numbers, if it is bearable, and the largest number."""
    wanted, given = outputs(trained.network, inputs), written.run(trained, folder, inputs)
    if not alike(given, wanted):
        problem = f"gives {described(given)}, and not {described(wanted)}"
        raise ExportError(f"the exported network {problem}. Nothing was written")
    trees = leaves(wanted), leaves(given)
    pairs = zip(*trees, strict=True)
    difference = max(float((one.double() - other.double()).abs().max()) for one, other in pairs)
    largest = max(float(one.double().abs().max()) for one in trees[0])
    if not difference <= TOLERANCE * max(1.0, largest):
        raise ExportError(
            f"the exported network is not the same: on {number_of_rows(inputs)} test {words[0]} its"
            f" {words[1]}, of at most {largest:.3g}, differ by up to {difference:.2g}. Nothing was"
            " written"
        )
    return difference, largest


def _only_length(trained: Trained, written: Format, folder: Path, inputs: Tree) -> int | None:
    """The one length that inputs may have, if shorter ones do not give what torch makes of them.

    None of inputs that have none.
    """
    places = length_dimensions(inputs)
    if places is None:
        return None
    length = int(leaves(inputs)[0].shape[-1])
    few = selected(inputs, torch.arange(min(ROWS, number_of_rows(inputs))))
    shorter = tree_map(lambda one, place: one.narrow(place, 0, max(2, length // 2)), few, places)
    try:
        wanted = leaves(outputs(trained.network, shorter))
        given = leaves(written.run(trained, folder, shorter))
        same = all(
            torch.allclose(one, other, TOLERANCE, TOLERANCE)
            for one, other in zip(wanted, given, strict=True)
        )
    except Exception:  # noqa: BLE001  whatever it is that wants its own length
        same = False
    return None if same else length


def checking_rows(artifact: Artifact, most: int) -> Tree:
    """The inputs of the first test rows of the data that the model was trained on, as they are.

    Args:
        artifact: whose ``config`` says which data.
        most: how many.

    Raises:
        ConfigError: if they are not there, or not of the kind that the model takes.
    """
    data = Prepared({**artifact.config, "dataset": artifact.dataset}, "final").data
    inputs = joined([part for part, _ in raw_rows(data, most)])
    wanted = artifact.empty(1)
    if alike(inputs, wanted):
        return inputs
    if artifact.image is None:
        problem = f"its inputs are {described(inputs)}, and the model takes {described(wanted)}"
    else:
        shape = tuple(inputs.shape[1:]) if isinstance(inputs, Tensor) else described(inputs)
        problem = (
            f"its images are {shape} (channels, height, width), and the model was trained on"
            f" {artifact.image.shape}"
        )
    raise ConfigError("dataset", f"{problem}: it is another dataset")
