"""Every usual kind of image file, from a class folder to pixels: it is right, or it is said."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from PIL import Image, features

from dataset.common import COMMON
from nas_hydra.dataset.image_folder import ImageFolder
from nas_hydra.dataset.images.picture import FRAMES

WIDTH, HEIGHT = 24, 16  # not square
RED, BLUE = (220, 40, 40), (30, 60, 200)
GREY_RED, GREY_BLUE = (94,) * 3, (67,) * 3
BLACK, WHITE = (0,) * 3, (255,) * 3


def colours() -> Image.Image:
    """Blue, with a red corner."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), BLUE)
    picture.paste(RED, (0, 0, WIDTH // 2, HEIGHT // 2))
    return picture


def grey() -> Image.Image:
    return colours().convert("L")


def clear() -> Image.Image:
    """Transparent where it is not red."""
    picture = colours()
    mask = Image.new("L", picture.size, 0)
    mask.paste(255, (0, 0, WIDTH // 2, HEIGHT // 2))
    picture.putalpha(mask)
    return picture


def two_valued() -> Image.Image:
    return grey().point(lambda number: 255 * (number < 80)).convert("1")


def deep() -> Image.Image:
    return Image.fromarray(np.asarray(grey(), "uint16") * 257)


def sideways() -> Image.Image:
    """As the sensor of a camera gives it that was held upright."""
    return colours().transpose(Image.Transpose.ROTATE_90)


def turned() -> dict[str, Any]:
    exif = Image.Exif()
    exif[0x112] = 6
    return {"exif": exif}


def frames() -> dict[str, Any]:
    return {"save_all": True, "append_images": [Image.new("RGB", (WIDTH, HEIGHT), "green")]}


class Kind(NamedTuple):
    """How a file is made, and what is read of it: a colour of its corner, and one of the rest."""

    picture: Callable[[], Image.Image]
    corner: tuple[int, ...] = RED
    rest: tuple[int, ...] = BLUE
    saved: Mapping[str, Any] = {}
    note: str = ""


KINDS = {
    "colour.png": Kind(colours),
    "UPPER.PNG": Kind(colours),
    "colour.JPG": Kind(colours, saved={"quality": 95}),
    "colour.jfif": Kind(colours, saved={"quality": 95, "format": "JPEG"}),
    "colour.jpe": Kind(colours, saved={"quality": 95, "format": "JPEG"}),
    "colour.webp": Kind(colours),
    "colour.bmp": Kind(colours),
    "colour.tif": Kind(colours, saved={"compression": "tiff_lzw"}),
    "colour.Tiff": Kind(colours, saved={"compression": "jpeg", "quality": 95}),
    "colour.ppm": Kind(colours),
    "cmyk.jpg": Kind(lambda: colours().convert("CMYK"), saved={"quality": 95}),
    "cmyk.tif": Kind(lambda: colours().convert("CMYK")),
    "palette.png": Kind(lambda: colours().quantize(8)),
    "palette.gif": Kind(lambda: colours().quantize(8)),
    "palette.bmp": Kind(lambda: colours().quantize(8)),
    "grey.png": Kind(grey, GREY_RED, GREY_BLUE),
    "grey.jpg": Kind(grey, GREY_RED, GREY_BLUE, {"quality": 95}),
    "grey.pgm": Kind(grey, GREY_RED, GREY_BLUE),
    "with_alpha.png": Kind(lambda: grey().convert("LA"), GREY_RED, GREY_BLUE),
    "one_bit.png": Kind(two_valued, BLACK, WHITE),
    "one_bit.pbm": Kind(two_valued, BLACK, WHITE),
    "fax.tif": Kind(two_valued, BLACK, WHITE, {"compression": "group4"}),
    "sixteen.png": Kind(deep, GREY_RED, GREY_BLUE),
    "sixteen.tif": Kind(deep, GREY_RED, GREY_BLUE),
    "clear.png": Kind(clear, RED, WHITE),
    "clear.webp": Kind(clear, RED, WHITE, {"lossless": True}),
    "clear_palette.png": Kind(lambda: clear().quantize(8), RED, WHITE),
    "clear.gif": Kind(clear, RED, WHITE),
    "turned.jpg": Kind(sideways, saved={"quality": 95} | turned()),
    "turned.png": Kind(sideways, saved=turned()),
    "turned.webp": Kind(sideways, saved=turned()),
    "turned.tif": Kind(sideways, saved=turned()),
    "moving.gif": Kind(colours, saved=frames(), note=FRAMES),
    "moving.webp": Kind(colours, saved=frames(), note=FRAMES),
    "moving.png": Kind(colours, saved=frames(), note=FRAMES),
    "pages.tif": Kind(colours, saved=frames(), note=FRAMES),
    "colour.avif": Kind(colours),
    "colour.jp2": Kind(colours),
}
NEEDED = {".avif": "avif", ".jp2": "jpg_2000"}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_read_for_what_it_is_or_it_is_said(name, caplog):
    kind, needed = KINDS[name], NEEDED.get(Path(name).suffix)
    if needed and (needed not in features.get_supported() or not features.check(needed)):
        pytest.skip(f"this Pillow has no {needed}")
    for one in ("a", "b"):
        Path("images", one).mkdir(parents=True)
        kind.picture().save(Path("images", one, name), **kind.saved)
    own = {"num_classes": 2, "holdout": 0.2, "root": "images", "size": 8, "input_shape": (3, 8, 8)}
    pixels = ImageFolder(**{**COMMON, **own}).open_all()[torch.tensor([0])][0]
    near = 12 / 255  # as far as compression goes
    for found, wanted in ((pixels[:, 1, 1], kind.corner), (pixels[:, 6, 6], kind.rest)):
        torch.testing.assert_close(found, torch.tensor(wanted) / 255, atol=near, rtol=0)
    assert [kind.note in message for message in caplog.messages] == [True] * bool(kind.note)
