"""What is seen of images before any is decoded: their sizes, colours and classes."""

import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nas_hydra.dataset.image_folder import ImageFolder
from nas_hydra.dataset.images.files import LARGEST, SMALLEST, headers


def write(size: tuple[int, int], number: int, mode: str = "RGB", name: str = "a") -> None:
    folder = Path("images", name)
    folder.mkdir(parents=True, exist_ok=True)
    begin = len(list(folder.iterdir()))
    for index in range(begin, begin + number):
        Image.new(mode, size).save(folder / f"{index}.png")


def found(**given) -> dict:
    return ImageFolder.found({"root": "images", "size": None, "num_classes": None, **given})


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)], 28),
        ([(40, 30), (64, 48), (20, 25)], 30),
        ([(400, 300)], LARGEST),
        ([(5, 4)], SMALLEST),
    ],
)
def test_the_size_is_the_median_of_the_shorter_sides_within_limits(sizes, expected):
    for size in sizes:
        write(size, 1)
    write(sizes[0], 1, name="b")
    assert found() == {"size": expected, "num_classes": 2}


def test_only_what_is_left_open_is_said():
    write((9, 9), 2)
    write((9, 9), 2, name="b")
    assert found(size=32) == {"num_classes": 2}
    assert found(num_classes=5) == {"size": 9}
    assert ImageFolder.found({"root": {"_choice_": ["images", "others"]}}) == {}
    assert found(size={"_choice_": [8, 16]}) == {"num_classes": 2}


def test_a_line_says_what_was_seen(caplog):
    write((28, 28), 3, "L", "cat")
    write((64, 48), 2, "RGB", "dog")
    with caplog.at_level(logging.INFO):
        found()
        found(size=20)
    assert caplog.messages == [
        "data: 5 images in 2 classes (cat 3, dog 2), 28 x 28 to 64 x 48 pixels, grey and colour;"
        f" each is made {size} x {size}, squeezed if it is not square"
        for size in (28, 20)
    ]


def test_a_line_names_splits_and_some_of_many_classes(caplog):
    for label in range(9):
        write((8, 8), 2, "L", f"pictures/train/{label}")
        write((8, 8), 1, "L", f"pictures/val/{label}")
    with caplog.at_level(logging.INFO):
        found()
    assert caplog.messages == [
        "data: 27 images in 9 classes (0 3, 1 3, 2 3, 3 3, 4 3, 5 3, and 3 more), 18 for training"
        " in pictures/train, 9 for validation in pictures/val, 8 x 8 pixels, grey"
    ]


def test_modes_beyond_8_bits_are_grey_and_what_cannot_be_read_is_passed_over():
    Path("broken.png").write_bytes(b"none")
    Image.fromarray(np.zeros((6, 9), "uint16")).save("deep.png")
    seen = headers(["broken.png", "deep.png"])
    assert (seen.sizes, seen.sentence(None)) == ([(9, 6)], "9 x 6 pixels, grey")
    assert headers(["broken.png"]).sentence(None) == "none of which can be read"
