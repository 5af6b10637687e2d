"""What a config names is told by what it holds."""

import os
from pathlib import Path

import pytest

from nas_hydra.files.digest import anything, digests, is_path
from nas_hydra.record.reading import files_told


@pytest.fixture
def weights() -> Path:
    folder = Path("weights")
    (folder / "deep").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"one")
    (folder / "deep/b.bin").write_bytes(b"two")
    return folder


def known(text: str = "weights") -> dict[str, str]:
    return digests({"model": [{"pretrained": text}]}, anything)


def later(file: Path) -> None:
    """As if a file had been written a second later."""
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 10**9))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "deep/b.bin").write_bytes(b"three"),
        lambda folder: (folder / "new.bin").write_bytes(b""),
        lambda folder: (folder / "a.bin").rename(folder / "c.bin"),
        lambda folder: (folder / "a.bin").unlink(),
        lambda folder: later(folder / "deep/b.bin"),
    ],
)
def test_a_folder_is_another_when_its_files_are(weights, change):
    noted = known()
    assert list(noted) == ["weights"]
    assert [*files_told({"files": noted})] == []
    change(weights)
    assert known() != noted
    assert [*files_told({"files": noted})] == ["'weights' has other content"]


def test_what_runs_write_changes_no_folder(weights):
    noted = known()
    for name in (".cache/x", "__pycache__/x.pyc", "outputs/run/best.ckpt", "deep/wandb/log"):
        (weights / name).parent.mkdir(parents=True)
        (weights / name).write_text("x")
    assert known() == noted


@pytest.mark.parametrize("text", ["", ".", "..", "/", "~nobody/x", "outputs", "nowhere", "a\0b"])
def test_folders_that_hold_the_present_one_or_runs_are_no_data(weights, text):
    Path("outputs").mkdir()
    assert known(text) == {}


def test_paths_are_told_however_they_are_written(weights):
    values = {*known().values(), *known("./weights").values()}
    values |= {
        *known(str(weights.absolute())).values(),
        *known(f"file://{weights.absolute()}").values(),
    }
    assert len(values) == 1


def test_only_who_asks_for_folders_is_told_of_them(weights):
    assert digests("weights") == digests("weights", is_path) == {}
    assert list(digests("./weights", is_path)) == ["./weights"]
    assert list(digests(["weights/a.bin"])) == ["weights/a.bin"]


def test_a_link_in_a_folder_leads_nowhere_for_ever(weights):
    (weights / "deep/up").symlink_to(weights.absolute())
    assert known()
