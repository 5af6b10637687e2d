"""From a candidate's config to a network that takes the data, as one pass of a few rows tells."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from nas_hydra.config.foreign import check_foreign
from nas_hydra.config.instantiation import TargetError, instantiate
from nas_hydra.dataset import Example
from nas_hydra.dataset.tree import Tree, form_of, is_images, tree_map
from nas_hydra.errors import CandidateError, in_one_line
from nas_hydra.task import Task

Entered = list[tuple[str, nn.Module, Any]]
"""The modules that a pass is inside of, outermost first: name, module, inputs."""


def probe(model: nn.Module, inputs: Tree) -> Any:
    """What the model makes of a few rows; its lazy layers are made on the way.

    Args:
        model: is left in training mode.
        inputs: as of an example: of one row alone, models would get away that flatten the batch.

    Raises:
        CandidateError: if it fails, naming the layer and the shape that it got.
    """
    try:
        return _forward(model, inputs)
    except Exception as error:  # any module may raise anything on a shape it does not expect
        raise CandidateError(
            f"the model fails {_place_of_failure(model, inputs)}given {_described(inputs)}:"
            f" {in_one_line(error)}"
        ) from error


def _described(inputs: Tree) -> str:
    """``2 images of shape (1, 8, 8)``, or another tree in words."""
    if is_images(inputs):
        return f"{len(inputs)} images of shape {tuple(inputs.shape[1:])}"
    return f"inputs {form_of(inputs)}"


def zeros(tree: Tree, rows: int, device: torch.device | None = None) -> Tree:
    """So many rows of the kind of an example's, whose numbers say nothing; on the CPU, zeros.

    Whole numbers, which may be places in a table, are those of the example's first row.
    """

    def made(leaf: Tensor) -> Tensor:
        shape = (rows, *leaf.shape[1:])
        if device is not None and device.type == "meta":
            return torch.empty(shape, dtype=leaf.dtype, device=device)
        if leaf.is_floating_point():
            return torch.zeros(shape, dtype=leaf.dtype, device=device)
        return leaf[:1].expand(shape).contiguous().to(device)

    return tree_map(made, tree)


def noise(tree: Tree, rows: int, device: torch.device, normal: bool = False) -> Tree:
    """As ``zeros``, but its numbers with a fraction are random: zeros may be multiplied faster."""
    draw = torch.randn if normal else torch.rand

    def made(leaf: Tensor) -> Tensor:
        if not leaf.is_floating_point():
            return leaf
        return draw(leaf.shape, dtype=leaf.dtype, device=device)

    return tree_map(made, zeros(tree, rows, device))


def _forward(model: nn.Module, inputs: Tree) -> Any:
    """The model's output in evaluation mode, without gradients; it is left in training mode."""
    model.eval()
    try:
        with torch.no_grad():
            return model(inputs)
    finally:
        model.train()


def _place_of_failure(model: nn.Module, inputs: Tree) -> str:
    """Where a failing model fails, found by a second pass: one that works pays nothing for it."""
    entered: Entered = []
    hooks = [
        hook for name, module in model.named_modules() for hook in _watch(name, module, entered)
    ]
    try:
        _forward(model, inputs)
    except Exception:  # noqa: BLE001  it is the failure that the caller reports
        name, module, given = entered[-1]
        layer = f"layer '{name}'" if name else "its own forward"
        return f"in {layer} ({type(module).__name__}) on {_shapes(given)}, "
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
    """The tensors among arguments or results, also in lists and dicts of them."""
    if isinstance(inputs, Tensor):
        yield inputs
    elif isinstance(inputs, list | tuple | dict):
        for part in inputs.values() if isinstance(inputs, dict) else inputs:
            yield from tensors(part)


def build_model(config: Mapping[str, Any], example: Example, task: Task) -> nn.Module:
    """The network, its lazy layers made, checked by one forward pass of an example.

    Args:
        config: the candidate's ``model``.
        example: of the data.
        task: that it is to be trained for, bound to the data.

    Raises:
        CandidateError: if it cannot be built, cannot take the inputs or gives no output for the
            task.
    """
    model = make_model(config)
    task.check(probe(model, example.inputs), example.target)
    return model


def make_model(config: Mapping[str, Any]) -> nn.Module:
    """The network as its constructors leave it, on torch's default device.

    Args:
        config: the candidate's ``model``.

    Raises:
        CandidateError: if it cannot be built; names the component that refuses.
        ConfigError: if it is a finished run's, and names what may not be called.
    """
    check_foreign(config, "search_space.model")
    try:
        model = instantiate(config)
    except TargetError as error:
        raise CandidateError(f"the model cannot be built: {_refusal(error)}") from error
    if not isinstance(model, nn.Module):
        raise CandidateError(f"the model is a {type(model).__name__}, not a torch.nn.Module")
    return model


def is_lazy(model: nn.Module) -> bool:
    """Whether a layer still waits for its first input to know its shape."""
    tensors = (*model.parameters(), *model.buffers())
    return any(nn.parameter.is_lazy(tensor) for tensor in tensors)


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _refusal(error: TargetError) -> str:
    """What went wrong in the first place, and in which component."""
    innermost: BaseException = error
    while innermost.__cause__ is not None:
        innermost = innermost.__cause__
    return f"{error.target}: {error.reason or in_one_line(innermost)}"
