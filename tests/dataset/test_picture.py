"""Opening an image file: a picture, or one line that names the file and the decoder's reason."""

import os
import pickle
import socket
import warnings
from io import BytesIO
from pathlib import Path

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas_hydra.dataset.images.picture import (
    Decoding,
    RangeError,
    UnreadableError,
    check_picture,
    read_picture,
)

NOISE = PIL.Image.effect_noise((40, 30), 60).convert("RGB")
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")


def written(kind: str) -> bytes:
    stream = BytesIO()
    NOISE.save(stream, kind)
    return stream.getvalue()


WHOLE = {kind: written(kind) for kind in FORMATS}


def readable(work, file) -> bool:
    error = None
    try:
        work(file)
    except UnreadableError as caught:
        error = caught
    if error is not None:
        assert str(error) == f"{file} cannot be read: {error.reason}"
        assert error.reason.isprintable()
    return error is None


def outcome(file: Path) -> tuple[bool, bool]:
    """Whether it passes the check, and whether it can be read."""
    return (
        readable(lambda name: check_picture(name, Decoding()), file),
        readable(lambda name: read_picture(name, 3, Decoding()), file),
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@given(kind=st.sampled_from(FORMATS), data=st.data())
def test_a_damaged_file_is_read_or_told_and_the_check_never_refuses_what_can_be_read(
    place, kind, data
):
    content = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    file = place / f"damaged.{kind.lower()}"
    file.write_bytes(content[:cut])
    checked, decoded = outcome(file)
    assert checked or not decoded


@pytest.mark.parametrize("kind", FORMATS)
def test_the_check_finds_a_file_that_was_cut(kind):
    content = WHOLE[kind]
    Path("whole").write_bytes(content)
    assert outcome(Path("whole")) == (True, True)
    for share in (0.3, 0.6, 0.9):
        Path("cut").write_bytes(content[: int(share * len(content))])
        checked, decoded = outcome(Path("cut"))
        assert checked == decoded


def test_what_follows_the_end_of_an_image_does_not_matter():
    for kind in FORMATS:
        Path("image").write_bytes(WHOLE[kind] + b"and more")
        assert outcome(Path("image")) == (True, True)


def test_a_picture_above_the_limit_is_not_decoded_and_others_keep_theirs():
    PIL.Image.new("1", (2000, 1000)).save("wide.png")
    earlier = PIL.Image.MAX_IMAGE_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small = Decoding(pixel_limit=10**6)
        for work in (
            lambda: check_picture("wide.png", small),
            lambda: read_picture("wide.png", 1, small),
        ):
            with pytest.raises(UnreadableError, match=r"more than 1,000,000 pixels; pixel_limit=N"):
                work()
        for limit in (900_000, 300_000):  # above Pillow's limit, and above its double
            with pytest.raises(UnreadableError, match="pixels"):
                read_picture("wide.png", 1, Decoding(pixel_limit=limit))
        found = read_picture("wide.png", 1, Decoding(pixel_limit=2 * 10**6))
        assert found.pixels.shape == (1, 1000, 2000)
    assert earlier == PIL.Image.MAX_IMAGE_PIXELS


def test_no_warning_of_the_decoder_is_shown():
    picture = PIL.Image.new("P", (4, 4))
    picture.save("palette.png", transparency=b"\x00\x80\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_picture("palette.png", 3, Decoding()).pixels.shape == (3, 4, 4)


def test_what_is_no_regular_file_is_told_and_not_waited_for():
    Path("folder.png").mkdir()
    os.mkfifo("pipe.png")
    Path("loop.png").symlink_to("loop.png")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("socket.png")
    for name in ("folder.png", "pipe.png", "loop.png", "socket.png", "gone.png", "nul\0.png"):
        with pytest.raises(UnreadableError):
            read_picture(name, 3, Decoding())


def test_the_error_of_a_worker_process_keeps_its_text():
    for name in ("gone.png", "line\nbreak\x1b[31m.png", os.fsdecode(b"\xff.png")):
        with pytest.raises(UnreadableError) as raised:
            read_picture(name, 3, Decoding())
        again = pickle.loads(pickle.dumps(raised.value))
        assert str(again) == str(raised.value)
        assert str(again).isprintable()
        assert "No such file or directory" in again.reason


def test_the_error_of_a_range_keeps_its_numbers():
    for limits in (None, (0.0, 1.0)):
        error = RangeError("file", "F", -1.5, 3.0, limits)
        again = pickle.loads(pickle.dumps(error))
        assert (str(again), again.low, again.high) == (str(error), -1.5, 3.0)
