"""Searches from a program or a notebook; ``docs/python.md`` shows how."""

from nas_hydra.api.result import Result
from nas_hydra.api.study import Study, search

__all__ = ["Result", "Study", "search"]
