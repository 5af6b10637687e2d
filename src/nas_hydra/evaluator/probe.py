"""One forward pass of empty images, and where in the network it fails."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.errors import CandidateError, in_one_line

IMAGES = 2
"""How many images are passed: one alone would let models get away that flatten the batch."""

Entered = list[tuple[str, nn.Module, Any]]
"""The modules that a pass is inside of, outermost first: name, module, inputs."""


def probe(model: nn.Module, input_shape: Sequence[int]) -> Tensor:
    """What the model makes of a few empty images; its lazy layers are made on the way.

    Args:
        model: is left in training mode.
        input_shape: (C, H, W).

    Raises:
        CandidateError: if it fails, naming the layer and the shape that it got; or if its output
            is no tensor.
    """
    images = torch.zeros(IMAGES, *input_shape)
    try:
        output = forward(model, images)
    except Exception as error:  # any module may raise anything on a shape it does not expect
        raise CandidateError(
            f"the model fails {_place_of_failure(model, images)}given {IMAGES} images of shape "
            f"{tuple(input_shape)}: {in_one_line(error)}"
        ) from error
    if not isinstance(output, Tensor):
        raise CandidateError(f"the model returns a {type(output).__name__}, not a tensor of logits")
    return output


def forward(model: nn.Module, images: Tensor) -> Any:
    """The model's output in evaluation mode, without gradients; it is left in training mode."""
    model.eval()
    try:
        with torch.no_grad():
            return model(images)
    finally:
        model.train()


def _place_of_failure(model: nn.Module, images: Tensor) -> str:
    """Where a failing model fails, found by a second pass: one that works pays nothing for it."""
    entered: Entered = []
    hooks = [
        hook for name, module in model.named_modules() for hook in _watch(name, module, entered)
    ]
    try:
        forward(model, images)
    except Exception:  # noqa: BLE001  it is the failure that the caller reports
        name, module, inputs = entered[-1]
        layer = f"layer '{name}'" if name else "its own forward"
        return f"in {layer} ({type(module).__name__}) on {_shapes(inputs)}, "
    finally:
        for hook in hooks:
            hook.remove()
    return ""  # what failed once did not fail again


def _watch(name: str, module: nn.Module, entered: Entered) -> Iterator[Any]:
    """Hooks that note the module where a pass enters it, and drop it where the pass leaves it."""

    def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
        entered.append((name, module, [*args, *kwargs.values()]))

    def leave(module: nn.Module, args: Any, output: Any) -> None:
        while entered.pop()[1] is not module:  # left by an exception that somebody caught
            pass

    # Before a lazy layer's own hook, which fails on shapes from which it can infer nothing.
    yield module.register_forward_pre_hook(enter, prepend=True, with_kwargs=True)
    yield module.register_forward_hook(leave)


def _shapes(inputs: Any) -> str:
    shapes = [str(tuple(tensor.shape)) for tensor in tensors(inputs)]
    if len(shapes) == 1:
        return f"an input of shape {shapes[0]}"
    return f"inputs of shapes {', '.join(shapes)}" if shapes else "no tensor"


def tensors(inputs: Any) -> Iterator[Tensor]:
    """The tensors among arguments or results, also in lists of them."""
    if isinstance(inputs, Tensor):
        yield inputs
    elif isinstance(inputs, list | tuple):
        for part in inputs:
            yield from tensors(part)
