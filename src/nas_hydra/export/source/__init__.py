"""The source code of a network, in plain ``torch.nn``: one Python file."""

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from nas_hydra.export.source.classes import Class, Classes
from nas_hydra.export.source.layout import Group, UnwritableError, code_lines, literal
from nas_hydra.export.source.record import PassRecorder

__all__ = ["UnwritableError", "source"]

IMAGES = (2, 3)
"""Two numbers of images, so that what depends on their number can be told from other numbers."""

FILE = '''\
"""{title}

It takes images {shape}, float32 in [0, 1], normalises them itself, and gives logits.

    import torch
    from model import CLASSES, load

    network = load()
    probabilities = network(torch.rand({size})).softmax(dim=1)
"""

{imports}

{classes}


{code}


def load(weights=Path(__file__).with_name("{weights}")):
    """The network with its trained weights, ready for inference."""
    network = {network}()
{ties}    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return network.eval()
'''

IMPORTS = {
    "OrderedDict(": "from collections import OrderedDict",
    "": "from pathlib import Path\n\nimport torch",
    "F.": "import torch.nn.functional as F",
    "nn.": "from torch import nn",
}
"""What is imported if the code has this in it."""


def source(
    network: nn.Module, shape: Sequence[int], classes: Sequence[str], title: str, weights: str
) -> str:
    """The text of the file.

    Args:
        network: takes images (N, C, H, W) in [0, 1]; in evaluation mode.
        shape: (C, H, W) of the images.
        classes: their names.
        title: the first line of the file's documentation.
        weights: the name of the file with its state dict, beside this one.

    Raises:
        UnwritableError: if a part of the network cannot be written as code, naming the layer.
    """
    found = _classes_of(network, shape)
    code = "\n\n\n".join("\n".join(one.code()) for one in found)
    names = Group("[", tuple(literal(name) for name in classes), "]")
    return FILE.format(
        title=title,
        shape=f"(N, {', '.join(map(str, shape))})",
        size=", ".join(map(str, (1, *shape))),
        imports="\n".join(line for used, line in IMPORTS.items() if used in code),
        classes="\n".join(code_lines(names, "", "CLASSES = ")),
        code=code,
        weights=weights,
        network=found[-1].name,
        ties="".join(f"    {line}\n" for line in _ties(network)),
    )


def _ties(network: nn.Module) -> Iterator[str]:
    """Lines that make modules one where they are one in the network, which classes cannot say."""
    first: dict[nn.Module, str] = {}
    for path, module in network.named_modules(remove_duplicate=False):
        known = first.setdefault(module, path)
        holder, _, name = path.rpartition(".")
        again = known != path and first[network.get_submodule(holder)] == holder
        if again and module.state_dict():
            there, one = (f"network.get_submodule({literal(at)})" for at in (holder, known))
            yield f"{there}.register_module({literal(name)}, {one})"


def _classes_of(network: nn.Module, shape: Sequence[int]) -> list[Class]:
    passes = []
    for number in IMAGES:
        recorder = PassRecorder(network)
        with recorder.watching():
            network(torch.zeros(number, *shape))
        passes.append(recorder.passes)
    found = Classes(passes, IMAGES)
    found.add(network)
    return found.all
