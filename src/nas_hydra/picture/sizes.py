"""What the layers of a candidate weigh and give, from a pass on torch's meta device."""

import json
import logging
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from nas_hydra.config.foreign import check_foreign
from nas_hydra.search_space.sharing import untied

log = logging.getLogger(__name__)


class LayerSize(NamedTuple):
    """Of one component of a network.

    Args:
        params: how many trainable ones it has.
        shape: of its output, without the batch; None if no pass came by, or it gives no tensor.
    """

    params: int
    shape: tuple[int, ...] | None


def layer_sizes(closed: Mapping[str, Any]) -> dict[str, LayerSize]:
    """The sizes of a candidate's components by their places, such as ``_args_.0``; "" is all of it.

    Empty where its network cannot be built this way: a picture can do without.

    Args:
        closed: the candidate's config; its dataset says what a pass takes.
    """
    try:
        check_foreign(closed, "search_space")
        return _seen(untied(closed["model"]), closed.get("dataset") or {})
    except Exception:  # a network, and what it imports, may raise anything
        log.debug("the sizes of the layers are not known", exc_info=True)
        return {}


def _seen(model: Any, dataset: Mapping[str, Any]) -> dict[str, LayerSize]:
    import torch

    from nas_hydra.model.tied import SharedInstantiator

    layers: dict[str, torch.nn.Module] = {}
    shapes: dict[torch.nn.Module, tuple[int, ...]] = {}

    class Noting(SharedInstantiator):
        def component(self, config: Any, way: Any, place: str, **provided: Any) -> Any:
            made = super().component(config, way, place, **provided)
            if isinstance(made, torch.nn.Module):
                layers[place] = made
            return made

    def note(layer: torch.nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            shapes[layer] = tuple(output.shape[1:])

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        inputs = _inputs(dataset)
        with torch.device("meta"):
            network = Noting().made(model).eval()
            for layer in set(layers.values()):
                layer.register_forward_hook(note)
            with suppress(Exception):  # a pass may need values, which there are none of
                network(inputs)
    return {
        place: LayerSize(sum(one.numel() for one in layer.parameters() if one.requires_grad), shape)
        for place, layer in layers.items()
        for shape in [shapes.get(layer)]
        if not any(map(torch.nn.parameter.is_lazy, layer.parameters()))
    }


def _inputs(dataset: Mapping[str, Any]) -> Any:
    """Two rows that weigh nothing; None where data would have to be made for them."""
    from nas_hydra.dataset.own import OwnData, data_of
    from nas_hydra.dataset.tree import empty_images, tree_map

    shape = dataset.get("input_shape") or ()
    if len(shape) == 3 and "inputs" not in dataset:  # of images, and of nothing beside
        inputs = empty_images(shape).inputs
    elif "_target_" in dataset and not isinstance(data := data_of(json.dumps(dataset)), OwnData):
        inputs = data.example.inputs
    else:
        return None
    return tree_map(lambda leaf: leaf.to("meta"), inputs)
