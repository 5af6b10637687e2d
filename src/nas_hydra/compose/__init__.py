"""Configs: read from YAML files and overrides by Hydra, whose errors are told like ours."""

from nas_hydra.compose.composing import begun, changed, composed
from nas_hydra.compose.hydra_errors import ComposeError, hydra_told
from nas_hydra.compose.loader import CONF, PRIMARY, Composer

__all__ = [
    "CONF",
    "PRIMARY",
    "ComposeError",
    "Composer",
    "begun",
    "changed",
    "composed",
    "hydra_told",
]
