"""Hooks: what a space lets others decide about its candidates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Hooks:
    """Functions of closed, plain configs; each is optional.

    Args:
        canonical: closed ``model`` config -> a JSON-like value that is equal for models that
            compute the same function. It takes the model's place in the key.
        encoder: closed ``model`` config -> graph features by the name of a view, always the same
            views with equally many features.
        feasible: closed candidate config and its closed constraints -> whether it meets them.
        limits: closed constraints that every candidate has beside those of the space.
    """

    canonical: Callable[[Mapping[str, Any]], Any] | None = None
    encoder: Callable[[Mapping[str, Any]], Mapping[str, Sequence[float]]] | None = None
    feasible: Callable[[Mapping[str, Any], Sequence[Mapping[str, Any]]], bool] | None = None
    limits: Sequence[Mapping[str, Any]] = ()
