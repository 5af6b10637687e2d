"""A space within a space, as ``search_space@search_space.trunk=resnet`` puts it there.

What it refers to, and what its decisions are called, follows it there.
"""

import re
from collections.abc import Callable
from typing import Any

from omegaconf import Container, OmegaConf

SPACE = "search_space"
TOWERS = f"{SPACE}.towers."
"""Spaces that stand here are each for the input of their name."""
OUTPUTS = re.compile(
    r"\$\{oc\.select:\s*task\.outputs\s*,\s*\$\{dataset\.num_classes\}\s*\}"
    r"|\$\{dataset\.num_classes\}"
)
"""By which spaces say how many numbers a network gives."""
WIDTH = f"${{{SPACE}.width}}"
"""How many those do that are part of another: it is for the space around them to say."""


def is_nested(config_path: str | None, package: str | None) -> bool:
    """Whether an option of ``search_space`` stands within another one."""
    group, _, _ = (config_path or "").rpartition("/")
    return group == SPACE and (package or "").startswith(f"{SPACE}.")


def followed(config: Container, package: str) -> Container:
    """A nested space whose references and names suit its place.

    Its own values stay its own, its network gives ``search_space.width`` numbers, and the data of
    one in ``search_space.towers`` is the input of its name. Its decisions are named after it.

    Args:
        config: with the space at its place.
        package: the place, such as ``search_space.trunk``.
    """
    name = package.rpartition(".")[2]

    def reference(text: str) -> str:
        own = text.replace(f"${{{SPACE}.", f"${{{package}.")
        told = OUTPUTS.sub(WIDTH, own)
        return told.replace("${dataset.", f"${{dataset.inputs.{name}.") if of_input else told

    of_input = package.startswith(TOWERS)
    plain = OmegaConf.to_container(OmegaConf.select(config, package), resolve=False)
    moved = _moved(plain, name, reference)
    OmegaConf.update(config, package, moved, merge=False)
    return config


def _moved(value: Any, name: str, reference: Callable[[str], str]) -> Any:
    """A value with its texts changed, and with its decisions' names."""
    if isinstance(value, dict):
        moved = {key: _moved(part, name, reference) for key, part in value.items()}
        if isinstance(value.get("_name_"), str):
            moved["_name_"] = f"{name}_{value['_name_']}"
        return moved
    if isinstance(value, list):
        return [_moved(part, name, reference) for part in value]
    return reference(value) if isinstance(value, str) else value
