"""How messages name a layer."""

from torch import nn


def in_words(name: str, module: nn.Module) -> str:
    """A layer of an exported network, as it is called in the network that was trained."""
    place = name.partition(".")[2]
    return f"layer '{place}' ({type(module).__name__})" if place else "the network as a whole"
