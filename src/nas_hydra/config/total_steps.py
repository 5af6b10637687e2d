"""How many steps a training takes: a text in the config, and a number once training begins.

It depends on the data, the batch size and the trainer, all of which may be open. The config's
``trainer`` holds it only to be referred to: what refers to it is a text, ``trainer.total_steps`` or
a computation with it, until the scheduler is made.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from nas_hydra.errors import ConfigError

PART, NAME = "trainer", "total_steps"
TOTAL_STEPS = f"{PART}.{NAME}"

OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.USub: operator.neg,
}


def counted_later(value: Any) -> bool:
    """Whether a value is a text that stands for a number of steps."""
    return isinstance(value, str) and TOTAL_STEPS in value


def add_total(config: DictConfig) -> None:
    """Let a whole config refer to ``trainer.total_steps``."""
    part: Any = config._get_node(PART) if PART in config else None  # Hydra's own help has none
    if OmegaConf.is_dict(part) and not (part._is_none() or part._is_missing()):
        with read_write(part), open_dict(part):
            part.setdefault(NAME, TOTAL_STEPS)


def without_total(path: Sequence[Any], value: Any) -> Any:
    """What stands at a place of the config, less ``trainer.total_steps``: no trainer takes it.

    Raises:
        ConfigError: if that was set; it is counted.
    """
    if tuple(path) != (PART,) or not isinstance(value, Mapping) or NAME not in value:
        return value
    if value[NAME] != TOTAL_STEPS:
        problem = f"is {value[NAME]!r}, but it is counted; to end training, say +trainer.max_steps="
        raise ConfigError(TOTAL_STEPS, f"{problem}...")
    return {name: part for name, part in value.items() if name != NAME}


def number_of(text: str, steps: int, key: str) -> float:
    """What a text comes to when training takes so many steps.

    Args:
        text: ``trainer.total_steps``, or a computation with it: ``0.1 * trainer.total_steps``.
        steps: of the optimizer.
        key: where the text stands, for messages.

    Raises:
        ConfigError: if it cannot be computed.
    """
    try:
        return float_or_int(_value(ast.parse(text.strip(), mode="eval").body, steps))
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ConfigError(
            key,
            f"is {text!r}, which cannot be computed; allowed: numbers, {TOTAL_STEPS}, + - * / //"
            " and brackets",
        ) from error


def float_or_int(number: float) -> float:
    """The number, an int if it is whole."""
    return int(number) if number == int(number) else number


def _value(node: ast.AST, steps: int) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float_or_int(number)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            if f"{name}.{attribute}" == TOTAL_STEPS:
                return steps
        case ast.BinOp() if type(node.op) in OPERATORS:
            inside = _value(node.left, steps), _value(node.right, steps)
            return float(OPERATORS[type(node.op)](*inside))
        case ast.UnaryOp() if type(node.op) in OPERATORS:
            return float(OPERATORS[type(node.op)](_value(node.operand, steps)))
    raise ValueError(ast.dump(node))
