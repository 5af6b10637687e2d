"""ONNX, for runtimes that know nothing of torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.export import ExportedProgram
from torch.utils import _pytree as pytree

from nas_hydra.dataset import Tree
from nas_hydra.dataset.tree import leaves
from nas_hydra.errors import ConfigError
from nas_hydra.export.format import Trained, culprit, first_cause, not_installed, quiet
from nas_hydra.export.torch_export import exported
from nas_hydra.network import outputs

FILE = "model.onnx"


class Onnx:
    """``model.onnx``: input ``images``, output ``logits``, any number of rows.

    Texts and series may be of any length, if the network takes that.

    What is no image is called ``inputs``, or has the names of a dict's keys; what is not logits is
    called ``output``, or likewise. A tree in a dict is named by its place: ``words.ids``.

    The file's metadata hold what ``model.json`` says, each key as JSON.
    """

    files = (FILE,)

    def write(self, trained: Trained, folder: Path) -> None:
        """Write the model, weights and all, in one file.

        Raises:
            ConfigError: if ONNX cannot express a layer, naming it, or a package is missing.
        """
        try:
            import onnxruntime  # noqa: F401  without it, nothing could be checked
            import onnxscript  # noqa: F401  torch.onnx needs it, and says so at length
        except ImportError as error:
            raise not_installed(error) from error
        named = _names(trained.sample, trained.inputs)
        try:
            program = _converted(
                trained.network,
                trained.sample,
                named=named,
                output=trained.output,
                any_length=trained.any_length,
            )
        except Exception as error:  # torch and onnxscript raise all kinds for what they do not know
            layer = culprit(trained.network, trained.sample, _converted)
            raise ConfigError(
                "format",
                f"onnx cannot express {layer} ({first_cause(error)}). Try"
                " format=torch_export, python or state_dict",
            ) from error
        program.model.metadata_props.update(trained.facts())
        program.save(folder / FILE, external_data=False)

    def run(self, trained: Trained, folder: Path, inputs: Tree) -> Tree:
        """The outputs that onnxruntime computes on the CPU."""
        import onnxruntime

        session = onnxruntime.InferenceSession(
            str(folder / FILE), providers=["CPUExecutionProvider"]
        )
        named = _names(inputs, trained.inputs)
        taken = {one.name for one in session.get_inputs()}  # one that nothing uses may be left out
        with torch.inference_mode():
            spec = pytree.tree_structure(trained.network(trained.sample))

        def network(part: Tree) -> Tree:
            given = {
                name: leaf.numpy()
                for name, leaf in zip(named, leaves(part), strict=True)
                if name in taken
            }
            found = [torch.from_numpy(one) for one in session.run(None, given)]
            return pytree.tree_unflatten(found, spec)

        return outputs(network, inputs)


def _converted(
    module: nn.Module,
    *inputs: Tree,
    named: Sequence[str] | None = None,
    output: str = "output",
    any_length: bool = False,
) -> Any:
    """A module as an ONNX program, traced with inputs whose tensors are ``named``."""
    program = exported(module, *inputs, any_length=any_length)
    with quiet():
        return torch.onnx.export(
            program,
            input_names=named,
            output_names=_outputs_of(program, output),
            dynamo=True,
            verbose=False,
        )


def _outputs_of(program: ExportedProgram, name: str) -> list[str]:
    """The names of a program's outputs; a single one has the ``name``."""
    spec = program.call_spec.out_spec
    assert spec is not None  # as of whatever was exported
    return _names(pytree.tree_unflatten([None] * spec.num_leaves, spec), name)


def _names(tree: Tree, name: str) -> list[str]:
    """What the tensors of a tree are called; in one that is no dict, all begin with ``name``."""
    found, _ = pytree.tree_flatten_with_path(tree, is_leaf=lambda one: one is None)
    return [
        ".".join(str(getattr(key, "key", getattr(key, "idx", key))) for key in path)
        if isinstance(tree, dict)
        else "_".join([name, *(str(getattr(key, "idx", getattr(key, "key", key))) for key in path)])
        for path, _ in found
    ]
