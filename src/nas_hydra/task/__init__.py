"""Tasks: what a network is trained for, and how well it does that."""

from nas_hydra.task.base import Recipe, Task

__all__ = ["Recipe", "Task"]
