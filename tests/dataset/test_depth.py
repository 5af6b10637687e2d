"""Every kind of picture is read for what it is, in training and in prediction alike."""

import logging
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from PIL import ImageCms
from torchvision.transforms import v2

from dataset.common import COMMON
from nas_hydra.artifact import Image
from nas_hydra.dataset.image_folder import Files, ImageFolder
from nas_hydra.dataset.images.picture import Decoding, UnreadableError, check_picture, read_picture
from nas_hydra.errors import ConfigError
from nas_hydra.predict.images import Decoder

WIDTH, HEIGHT = 16, 12
GREY = (np.arange(WIDTH * HEIGHT) % 251).astype("uint8").reshape(HEIGHT, WIDTH)
COLOURS = np.stack([GREY, GREY[::-1], GREY[:, ::-1]], -1)
ALPHA = np.where(np.arange(HEIGHT)[:, None] < 6, 0, np.full((HEIGHT, WIDTH), 255)).astype("uint8")


def grey() -> PIL.Image.Image:
    return PIL.Image.fromarray(GREY)


def colours() -> PIL.Image.Image:
    return PIL.Image.fromarray(COLOURS)


def with_alpha(picture: PIL.Image.Image) -> PIL.Image.Image:
    picture.putalpha(PIL.Image.fromarray(ALPHA))
    return picture


def lab() -> PIL.Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.profileToProfile(colours(), *profiles, outputMode="LAB")


def pixels(file: str, channels: int = 3, **said) -> np.ndarray:
    """(C, H, W) in [0, 1]."""
    found = read_picture(file, channels, Decoding(**said)).pixels
    return (found.float() / (255 if found.dtype == torch.uint8 else 1)).numpy()


def png(file: str, depth: int, colour: int, rows: np.ndarray, transparent: bytes) -> None:
    """A PNG of any depth, which Pillow writes of some only."""
    header = struct.pack(">IIBBBBB", WIDTH, len(rows), depth, colour, 0, 0, 0)
    content = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    parts = [(b"IHDR", header), (b"tRNS", transparent), (b"IDAT", content), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    Path(file).write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


OF_16_BITS = GREY.astype("uint16") * 257
SAME_GREY = {
    "l.png": grey,
    "rgb.png": lambda: grey().convert("RGB"),
    "la.png": lambda: grey().convert("LA"),
    "rgba.tif": lambda: grey().convert("RGBA"),
    "cmyk.tif": lambda: grey().convert("CMYK"),
    "i16.png": lambda: PIL.Image.fromarray(OF_16_BITS),
    "i16.tif": lambda: PIL.Image.fromarray(OF_16_BITS),
    "i16b.tif": lambda: PIL.Image.fromarray(OF_16_BITS.astype(">u2")),
    "i16.pgm": lambda: PIL.Image.fromarray(OF_16_BITS),
    "f.tif": lambda: PIL.Image.fromarray(GREY.astype("float32") / 255),
}
"""The same picture in all modes that hold it; others are near to it, or need a range."""


@pytest.mark.parametrize("file", SAME_GREY)
def test_a_mode_is_read_for_what_it_is(file):
    SAME_GREY[file]().save(file)
    for channels in (1, 3, 4):
        found = pixels(file, channels)
        assert np.abs(found[:3] - GREY / 255).max() < 1e-6
        assert (found[3:] == 1).all()


@pytest.mark.parametrize(
    ("file", "picture"),
    [
        ("lab.tif", lab),
        ("ycbcr.tif", lambda: colours().convert("YCbCr")),
        ("cmyk.jpg", lambda: colours().convert("CMYK")),
    ],
)
def test_other_colour_spaces_are_converted(file, picture):
    picture().save(file)
    assert np.abs(pixels(file) - COLOURS.transpose(2, 0, 1) / 255).mean() < 0.1


def test_a_mode_of_two_values_and_a_palette():
    grey().convert("1").save("1.png")
    assert np.unique(pixels("1.png")).tolist() == [0, 1]
    colours().quantize(8).save("p.png")
    assert np.array_equal(pixels("p.png"), pixels_of(colours().quantize(8).convert("RGB")))


def pixels_of(picture: PIL.Image.Image) -> np.ndarray:
    return np.asarray(picture, "float32").transpose(2, 0, 1) / np.float32(255)


KEYED = np.where(ALPHA, GREY % 200 + 1, 0).astype("uint8")
TRANSPARENT = {
    "la.png": lambda file: with_alpha(grey()).save(file),
    "rgba.png": lambda file: with_alpha(colours()).save(file),
    "rgba.webp": lambda file: with_alpha(colours()).save(file, lossless=True),
    "p_bytes.png": lambda file: (
        PIL.Image.fromarray(KEYED).convert("P").save(file, transparency=b"\0")
    ),
    "p_index.png": lambda file: (
        PIL.Image.fromarray(KEYED).convert("P").save(file, transparency=0)
    ),
    "l_key.png": lambda file: PIL.Image.fromarray(KEYED).save(file, transparency=0),
    "1_key.png": lambda file: PIL.Image.fromarray(ALPHA).convert("1").save(file, transparency=0),
    "rgb_key.png": lambda file: (
        PIL.Image.fromarray(KEYED).convert("RGB").save(file, transparency=(0, 0, 0))
    ),
    "i16_key.png": lambda file: (
        PIL.Image.fromarray(KEYED.astype("uint16") * 257).save(file, transparency=0)
    ),
    "rgb16_key.png": lambda file: png(
        file, 16, 2, np.where(ALPHA[..., None], 9000, [[[300, 200, 100]]]).astype(">u2"),
        struct.pack(">HHH", 300, 200, 100),
    ),
    "l4_key.png": lambda file: png(
        file, 4, 0, np.where(ALPHA[:, ::2], 0x77, 0x33).astype("uint8"), struct.pack(">H", 3)
    ),
    "l2_key.png": lambda file: png(
        file, 2, 0, np.where(ALPHA[:, ::4], 0x00, 0x55).astype("uint8"), struct.pack(">H", 1)
    ),
}  # fmt: skip


@pytest.mark.parametrize("file", TRANSPARENT)
def test_what_is_transparent_shows_the_background(file):
    TRANSPARENT[file](file)
    clear = ALPHA == 0
    for background, colour in {"white": (1, 1, 1), "#ff0000": (1, 0, 0)}.items():
        found = pixels(file, background=background)
        assert (found[:, clear] == np.array(colour)[:, None]).all()
        white = file == "1_key.png"  # has nothing else
        assert (found[:, ~clear] == 1 if white else found[:, ~clear] < 1).any()
    assert (pixels(file, 1, background="black")[0, clear] == 0).all()
    assert np.array_equal(pixels(file, 4)[3], ~clear)


def test_half_transparent_is_half_the_background():
    PIL.Image.new("RGBA", (2, 2), (0, 0, 0, 128)).save("half.png")
    assert pixels("half.png").mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("file", ["e.jpg", "e.png", "e.tif", "e.webp", "l.png", "i16.png", "i.tif"])
def test_pictures_stand_upright(file):
    corner = np.zeros((8, 16), "uint8")
    corner[:4, :4] = 255
    for orientation in range(1, 9):
        exif = PIL.Image.Exif()
        exif[0x112] = orientation
        picture = PIL.Image.fromarray(corner)
        if "i" in file.partition(".")[0]:
            picture = PIL.Image.fromarray(corner.astype("uint16") * 257)
        picture = picture.convert("RGB") if file.startswith("e") else picture
        picture.save(file, exif=exif)
        found = pixels(file)
        assert found.shape[1:] == ((8, 16) if orientation < 5 else (16, 8))
        top, left = orientation in (1, 2, 5, 6), orientation in (1, 4, 5, 8)
        lit = found[0, 1 if top else -2, 1 if left else -2]
        assert lit > 0.9
        assert found.mean() == pytest.approx(0.125, abs=0.02)


def test_damaged_exif_data_says_nothing():
    colours().save("damaged.jpg", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert pixels("damaged.jpg").shape == (3, HEIGHT, WIDTH)


DEEP = {
    "i32.tif": GREY.astype("int32") * 1000 - 500,
    "f.tif": GREY.astype("float32") * 4 - 2,
}


@pytest.mark.parametrize("file", DEEP)
def test_numbers_of_any_range_are_scaled_by_what_is_said_and_else_told(file):
    numbers = DEEP[file]
    low, high = float(numbers.min()), float(numbers.max())
    PIL.Image.fromarray(numbers).save(file)
    found = pixels(file, range=(low, high))
    assert np.allclose(found, (numbers - low) / (high - low), atol=1e-6)
    for work in (lambda said: read_picture(file, 3, said), lambda said: check_picture(file, said)):
        for said in (None, (low + 1, high), (low, high - 1)):
            wanted = rf"{file} cannot be read: its numbers \(mode .\) are from {low:g} to {high:g},"
            with pytest.raises(UnreadableError, match=wanted):
                work(Decoding(range=said))


def test_a_range_holds_for_16_bits_too_and_not_for_8():
    PIL.Image.fromarray(GREY.astype("uint16") * 16).save("twelve.png")
    grey().save("eight.png")
    assert np.allclose(pixels("twelve.png", range=[0, 4080]), GREY / 255, atol=1e-6)
    assert np.array_equal(pixels("eight.png", range=(0, 4080)), pixels("eight.png"))
    with pytest.raises(UnreadableError, match="not from 0 to 400"):
        check_picture("twelve.png", Decoding(range=(0, 400)))


def retagged(file: str, tag: int, old: int, new: int) -> None:
    """Change the number of a tag of a TIFF, which Pillow sets by itself."""
    before, after = (struct.pack("<HHIHH", tag, 3, 1, number, 0) for number in (old, new))
    content = Path(file).read_bytes()
    assert before in content
    Path(file).write_bytes(content.replace(before, after))


def test_numbers_without_a_sign():
    PIL.Image.fromarray(np.array([[-1, 0]], "int32")).save("unsigned.tif")
    with pytest.raises(UnreadableError, match="from -1 to 0"):
        read_picture("unsigned.tif", 3, Decoding())
    retagged("unsigned.tif", 339, 2, 1)
    assert pixels("unsigned.tif", range=(0, 2**32 - 1))[0].tolist() == [[1, 0]]


def test_tiffs_whose_white_is_zero():
    PIL.Image.fromarray(OF_16_BITS).save("inverted.tif")
    retagged("inverted.tif", 262, 1, 0)
    assert np.allclose(pixels("inverted.tif"), 1 - GREY / 255, atol=1e-6)


@pytest.mark.parametrize("worse", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_told(worse):
    numbers = GREY.astype("float32") / 255
    numbers[2, 3] = worse
    PIL.Image.fromarray(numbers).save("f.tif")
    for said in (Decoding(), Decoding(range=(0, 1))):
        with pytest.raises(UnreadableError, match="it holds numbers that are not finite"):
            check_picture("f.tif", said)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"background": "whit"}, r"dataset\.background: is 'whit'; allowed: a colour's name"),
        ({"background": "#00000000"}, r"dataset\.background: is '#00000000'"),
        ({"range": [1, 1]}, r"dataset\.range: is \[1, 1\]; allowed: \[low, high\]"),
        ({"range": [0, float("inf")]}, r"dataset\.range: is"),
        ({"range": [1, 2, 3]}, r"dataset\.range: is"),
        ({"range": "ab"}, r"dataset\.range: is 'ab'"),
        ({"pixel_limit": 0}, r"dataset\.pixel_limit: is 0"),
    ],
)
def test_wrong_readings_are_named(said, message):
    with pytest.raises(ConfigError, match=message):
        Decoding(**said)
    with pytest.raises(ConfigError, match=message):
        folder(Path("images"), **said)


def folder(root: Path, **changes) -> ImageFolder:
    own = {"num_classes": 2, "holdout": 0.2, "root": str(root), "size": 8}
    return ImageFolder(**{**COMMON, **own, "input_shape": (3, 8, 8), **changes})


def write(root: Path, last: PIL.Image.Image, name: str) -> None:
    """Two classes of ten pictures each, and one more."""
    for number in range(20):
        file = root / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        colours().rotate(number).save(file)
    last.save(root / "a" / name)


def test_a_folder_with_numbers_of_any_range_is_refused_with_what_there_is(tmp_path):
    write(tmp_path, PIL.Image.fromarray(GREY.astype("float32")), "f.tif")
    PIL.Image.fromarray(GREY.astype("int32") - 9).save(tmp_path / "b" / "i.tif")
    for broken in ("error", "skip"):
        with pytest.raises(
            ConfigError,
            match=r"dataset\.range: is null; .*a/f\.tif cannot be read: its numbers \(mode F\) are"
            r" from 0 to 191, not from 0 to 1\. All 2 such images hold numbers from -9 to 191\. Say"
            r" dataset\.range=\[LOW,HIGH\]",
        ):
            folder(tmp_path, broken=broken).open("development")
    assert len(folder(tmp_path, range=[-9, 191]).open_all().labels) == 22
    assert folder(tmp_path, range=[-9, 191]) == folder(tmp_path, range=(-9, 191))


def test_what_of_an_image_is_not_read_is_told_once_for_all(tmp_path, caplog):
    write(tmp_path, colours(), "plain.png")
    for number in range(3):
        colours().save(tmp_path / "a" / f"f{number}.tif", save_all=True, append_images=[colours()])
    png(str(tmp_path / "b" / "deep.png"), 16, 2, COLOURS.astype(">u2"), bytes(6))
    with caplog.at_level(logging.WARNING):
        folder(tmp_path).open("development")
    frames, deep = caplog.messages
    assert "data: 3 of 25 images have several frames, of which the first is read: '" in frames
    assert "data: 1 of 25 images have channels of 16 bits, of which the upper 8 are read" in deep
    assert "deep.png" in deep


def test_prediction_reads_as_the_training_does():
    files = {**SAME_GREY, "lab.tif": lab}
    for file, picture in files.items():
        picture().save(file)
    for file, save in TRANSPARENT.items():
        save(file)
    exif = PIL.Image.Exif()
    exif[0x112] = 6
    colours().save("turned.jpg", exif=exif)
    PIL.Image.fromarray(DEEP["i32.tif"]).save("i32.tif")
    names = [*files, *TRANSPARENT, "turned.jpg", "i32.tif"]
    reading = Decoding("teal", (-500, 190_500))
    names.remove("f.tif")  # whose floats are of another range
    decoder = Decoder(Image(channels=3, height=8, width=8), resize=True, reading=reading)
    trained = Files(names, torch.zeros(len(names)), 8, reading)[torch.arange(len(names))]
    for name, wanted in zip(names, trained, strict=True):
        found, _ = decoder(Path(name))
        assert torch.equal(found, wanted)
        assert found.dtype == torch.float32
        assert found.std() > 0.01


@pytest.mark.parametrize("mode", ["L", "RGB", "1", "P", "CMYK"])
def test_plain_pictures_are_what_they_were(mode):
    file = "plain.tif" if mode == "CMYK" else "plain.png"
    colours().convert(mode).save(file)
    to_float = v2.ToDtype(torch.float32, scale=True)
    was = v2.Compose([v2.PILToTensor(), v2.Resize((8, 8)), to_float])
    with PIL.Image.open(file) as picture:
        wanted = was(picture.convert("RGB"))
    assert torch.equal(Files([file], torch.zeros(1), 8)[torch.tensor([0])][0], wanted)
