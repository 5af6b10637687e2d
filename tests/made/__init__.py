"""Small files of every kind of data, and the data that each space of the package is for."""

from importlib import import_module
from pathlib import Path

from nas_hydra.app.completing import complete
from nas_hydra.app.settings import resolved
from nas_hydra.app.space import build_space
from nas_hydra.compose import composed
from nas_hydra.search_space import SearchSpace

CONF = Path(__file__).parents[2] / "conf/search_space"
SPACES = sorted({file.stem for file in CONF.glob("*.yaml")} - {"own", "values"})
KINDS: dict[str, str] = {
    **dict.fromkeys(["ft_transformer", "multi_head", "tab_mlp", "tab_resnet", "tabm"], "table"),
    **dict.fromkeys(["inception_time", "patch_tst", "resnet_1d"], "series"),
    **dict.fromkeys(["text_cnn", "text_transformer"], "text"),
    "causal_transformer": "tokens",
    "unet": "masks",
    "two_towers": "combined",
}
"""Space -> the kind of data that it takes, a module of this folder; the others take images."""
OF_IMAGES = [name for name in SPACES if name not in KINDS]


def data_of(space: str, folder: Path, images: str = "digits") -> list[str]:
    """Overrides that name data for a space, written to a folder if it is made for that.

    Args:
        space: an option of ``search_space``.
        folder: where files go.
        images: the dataset of a space of images.
    """
    if space not in KINDS:
        return [f"dataset={images}"]
    return import_module(f"made.{KINDS[space]}").write(folder)


def space_of(space: str, folder: Path, images: str = "digits") -> SearchSpace:
    """A space that knows its data.

    Args:
        space: as of ``data_of``, as of the others.
    """
    with composed([f"search_space={space}", *data_of(space, folder, images)]) as config:
        if space in KINDS:
            complete(config, resolved(config))
        return build_space(config)
