"""The source code of a network, in plain ``torch.nn``."""

from nas_hydra.export.source.file import source
from nas_hydra.export.source.layout import UnwritableError

__all__ = ["UnwritableError", "source"]
