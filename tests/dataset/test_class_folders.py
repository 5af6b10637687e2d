"""The usual layouts of folders are recognised, and what is made of them is said."""

import logging
from itertools import count
from pathlib import Path

import pytest
import torch
from PIL import Image

from dataset.common import COMMON
from nas_hydra.dataset.cache import release_datasets
from nas_hydra.dataset.image_folder import ImageFolder
from nas_hydra.dataset.images.class_folders import find_class_folders
from nas_hydra.dataset.images.files import SPLITS
from nas_hydra.dataset.source import examples
from nas_hydra.errors import ConfigError

CLASSES = ("cat", "dog", "owl")
CONTENT = count()


@pytest.fixture(autouse=True)
def forgotten():
    release_datasets()
    yield
    release_datasets()


def write(folder: str, number: int, ending: str = ".png", classes=CLASSES) -> None:
    """So many images per class, none of which is equal to another."""
    for place, name in enumerate(classes):
        Path(folder, name).mkdir(parents=True, exist_ok=True)
        for index in range(number):
            colour = (next(CONTENT) % 256, 80 * place, next(CONTENT) // 256)
            Image.new("RGB", (10, 8), colour).save(Path(folder, name, f"{index}{ending}"))


def folder(root: str = "images", **changes) -> ImageFolder:
    own = {"num_classes": 3, "holdout": 0.2, "root": root, "size": 8, "input_shape": (3, 8, 8)}
    return ImageFolder(**{**COMMON, **own, **changes})


def sizes(**changes) -> tuple[int, int, int, int]:
    """Images for training, validation and test, and for training in the end."""
    data = folder(**changes)
    final = data.at("final")
    return len(data.train), len(data.valid), len(final.test), len(final.train)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["train", "val", "test"], (30, 30, 30, 60)),
        (["Training", "VALIDATION", "Testing"], (30, 30, 30, 60)),
        (["train_images", "dev", "test-set"], (30, 30, 30, 60)),
        (["a/train/train", "a/valid/valid", "a/test/test"], (30, 30, 30, 60)),
        (["train", "test"], (24, 6, 30, 30)),
        (["train", "val"], (24, 30, 6, 54)),
        ([""], (19, 5, 6, 24)),
        (["train"], (19, 5, 6, 24)),
        (["pictures"], (19, 5, 6, 24)),
        (["a/b/c"], (19, 5, 6, 24)),
    ],
)
def test_the_usual_layouts(names, expected):
    for name in names:
        write(f"images/{name}", 10)
    assert sizes() == expected
    assert list(folder().class_names) == list(CLASSES)
    assert ImageFolder.found({"root": "images"}) == {"num_classes": 3, "size": 8}


def test_given_splits_hold_their_own_images_and_no_others():
    for name in ("train", "val", "test"):
        write(f"images/{name}", 5)
    data = folder()
    for stage, wanted in {"search": ("train", "val"), "final": ("train val", "test")}.items():
        choice = data.at(stage).choose()
        for chosen, names in zip((choice.train, choice.measured), wanted, strict=True):
            known = {one for name in names.split() for one in digests(f"images/{name}")}
            assert set(examples(*chosen).contents.digests.tolist()) == known
    monitored = data.at("monitored").splits
    assert (len(monitored.train), len(monitored.valid), len(monitored.test)) == (15, 15, 15)


def digests(root: str) -> set[int]:
    source = folder(root).open_all()
    return set(source.contents(torch.arange(len(source.labels))).digests.tolist())


def test_validation_images_are_not_set_aside_for_testing():
    write("images/train", 10)
    write("images/val", 4)
    valid = folder().splits.examples[1].contents.digests
    assert set(valid.tolist()) == digests("images/val")


def test_what_systems_leave_is_not_looked_at():
    write("images/train", 4)
    write("images/val", 4)
    for name in ("__MACOSX/train/cat/._1.png", "train/.ipynb_checkpoints/1.png", "val/cat/._2.png"):
        Path("images", name).parent.mkdir(parents=True, exist_ok=True)
        Path("images", name).write_bytes(b"")
    for name in (".DS_Store", "train/Thumbs.db", "train/cat/desktop.ini"):
        Path("images", name).write_bytes(b"")
    assert sizes()[:2] == (9, 12)


def test_images_of_class_folders_are_found_inside_and_once_where_links_go_round():
    write("images", 4)
    write("images/cat", 6, ".JPG", classes=("black",))
    Path("images/cat/again").symlink_to("..", target_is_directory=True)
    Path("images/dog/same").symlink_to(".", target_is_directory=True)
    Path("images/loop").symlink_to("loop")
    labels = [sample.label for sample in find_class_folders("images").samples]
    assert [labels.count(label) for label in range(3)] == [18, 4, 4]


def test_classes_may_be_called_as_splits_are_if_images_lie_in_them(caplog):
    write("images", 10, classes=("train", "val"))
    data = folder(num_classes=2)
    assert (len(data.train), list(data.class_names)) == (12, ["train", "val"])
    assert "data: 'train', 'val' are taken for classes: images lie in them" in caplog.messages
    write("vehicles/train", 3, classes=("steam", "electric"))
    write("vehicles", 3, classes=("plane",))
    assert find_class_folders("vehicles").classes == ["plane", "train"]


def test_what_is_left_out_is_said(caplog):
    write("images/train", 5)
    write("images", 2, classes=("extra",))
    write("images/test", 2, classes=("unknown",))
    Path("images/val/cat").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save("images/train/contact_sheet.png")
    assert sizes()[:3] == (9, 3, 3)
    told = "\n".join(caplog.messages)
    assert "images/test is left out: its images lie in no class folders, so their cl" in told
    assert "images/val is left out: it holds no images" in told
    assert "images/extra is left out: it is none of 'test', 'train', 'val'" in told
    assert "data: 1 image outside of the class folders is left out: 'images/train/c" in told


def test_splits_inside_of_class_folders_are_told(caplog):
    for name in ("train", "test"):
        for one in CLASSES:
            write(f"images/{one}", 5, classes=(name,))
    folder().open("development")
    assert "the class folder cat has 'test', 'train' inside, which are taken together" in (
        "\n".join(caplog.messages)
    )


@pytest.mark.parametrize("root", ["images/train", "images/train/"])
def test_splits_beside_the_folder_that_was_named_are_told(root, caplog):
    for name in ("train", "val"):
        write(f"images/{name}", 5)
    Path("images/test/code").mkdir(parents=True)
    folder(root).open("development")
    assert caplog.messages == [
        "data: 'val' beside images/train is not used; dataset.root=images takes the splits as"
        " they are"
    ]
    caplog.clear()
    folder("images").open("development")
    assert not any("beside" in message for message in caplog.messages)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            ("train", "val"),
            "the validation images are those of their folders (dataset.validation not used); 20% of"
            " the training images become test images (dataset.holdout)",
        ),
        (
            ("train", "val", "test"),
            "the validation and test images are those of their folders (dataset.validation and"
            " dataset.holdout not used)",
        ),
    ],
)
def test_settings_that_given_splits_do_not_use_are_told(names, told, caplog):
    for name in names:
        write(f"images/{name}", 5)
    with caplog.at_level(logging.INFO):
        folder().open("development")
    assert caplog.messages == [f"data: {told}"]


def flat() -> None:
    write(".", 9, classes=("images",))
    Path("images/labels.csv").touch()


def only_one() -> None:
    write("images/pictures", 9, classes=("cat",))


def other_classes() -> None:
    write("images/train", 3)
    write("images/val", 3, classes=("cat", "owl", "emu"))


def one_class() -> None:
    for name in ("train", "val"):
        write(f"images/{name}", 3, classes=("cat",))


def empty_class() -> None:
    write("images", 3)
    Path("images/owl/0.heic").touch()
    for file in Path("images/owl").glob("*.png"):
        file.unlink()


def archive() -> None:
    Path("images").write_bytes(b"")


def two_for_training() -> None:
    for name in ("train_1", "train_2", "test"):
        write(f"images/{name}", 3)


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (
            flat,
            r"images holds 9 images, and no class folders\. A table of labels is not read",
        ),
        (only_one, r"pictures holds only one folder, 'cat'\. Wanted is one folder per class"),
        (
            other_classes,
            r"in train than in val: 'dog' only in train, 'emu' only in val\. Each",
        ),
        (one_class, r"images/train holds only one folder, 'cat'\. Wanted is"),
        (empty_class, r"no image in the class folder 'owl'; .* Files there end in '\.heic'\. Add"),
        (archive, r"images is a file \(unpack it first\)\. Wanted is"),
        (two_for_training, r"has several folders for training: 'train_1', 'train_2'\. Leave one"),
        (lambda: Path("images").mkdir(), r"images holds no class folders\. Wanted is"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_with_what_is_wanted(layout, message):
    layout()
    for work in (folder().open_all, lambda: ImageFolder.found({"root": "images"})):
        with pytest.raises(ConfigError, match=rf"^dataset\.root: .*{message}"):
            work()


def test_a_class_of_a_split_of_which_nothing_can_be_read_is_named():
    write("images/train", 3)
    write("images/val", 2)
    for file in Path("images/val/dog").iterdir():
        file.write_bytes(b"")
    with pytest.raises(ConfigError, match="no image can be read of the class folder 'val/dog'"):
        folder(broken="skip").open("test")


def test_a_limit_keeps_the_shares_of_given_splits():
    write("images/train", 15)
    write("images/val", 5)
    write("images/test", 3)
    assert sizes(limit=24) == (18, 6, 9, 24)
    assert sizes(limit=6) == (3, 3, 9, 6)


def test_given_splits_are_streamed_as_they_are_held():
    write("images/train", 6)
    write("images/val", 3)
    held = folder().splits
    release_datasets()
    streamed = folder(memory_limit=1).splits
    assert [one.digest for one in streamed.examples] == [one.digest for one in held.examples]
    for one, other in zip(streamed[:2], held[:2], strict=True):
        places = torch.arange(len(one))
        torch.testing.assert_close(one[places][0], other[places][0])


def test_the_order_of_images_is_that_of_earlier_versions():
    """By which splits are drawn: by class, then by folder, then by name."""
    write("images", 3, classes=("b", "a"))
    write("images/a", 2, classes=("z", "b.1"))
    files = [sample.file for sample in find_class_folders("images").samples]
    inside = ["0.png", "1.png", "2.png", "b.1/0.png", "b.1/1.png", "z/0.png", "z/1.png"]
    wanted = [f"images/a/{name}" for name in inside] + [f"images/b/{n}.png" for n in range(3)]
    assert files == wanted
    assert {sample.split for sample in find_class_folders("images").samples} == {
        SPLITS.index("training")
    }
