"""Mistakes in a user's own YAML: told with file, line and cause, and never a hang."""

import os
from pathlib import Path

import pytest

from command import nas_hydra
from nas_hydra.compose import ComposeError, composed
from nas_hydra.compose.yaml_file import MOST_LEVELS

LADDER = "".join(f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 9)}]\n" for i in range(9))
MISTAKES = {
    "a tab": ("model:\n\t_target_: x\n", 2, 1, "a tab stands here"),
    "a tab after a key": ("model:\n  a:\n\t- 1\n", 3, 1, "a tab stands here"),
    "a key twice": ("model:\n  h: 8\n  h: 9\n", 3, 3, "the key 'h' stands twice"),
    "an alias without anchor": ("model: *nope\n", 1, 8, "there is no anchor &nope"),
    "a merge of a number": ("model:\n  <<: 5\n", 2, 7, "expected a mapping"),
    "an unknown tag": ("model: !foo bar\n", 1, 8, "the tag '!foo' is not known"),
    "a tag that would run code": ("model: !!python/name:os.system\n", 1, 8, "not allowed"),
    "two documents": ("model: 1\n---\nmodel: 2\n", 2, 1, "a second document"),
    "an open bracket": ("model: [\n\n", 1, 9, "a bracket or quote is not closed"),
    "an open quote": ("model: 'x\n", 1, 10, "a quote is not closed"),
    "another encoding": (b"model: caf\xe9\n", 1, 11, "byte 0xe9 is not UTF-8"),
    "UTF-16": ("model: 1\n".encode("utf-16"), 1, 1, "is not UTF-8"),
    "a NUL": ('model: 1\nx: "a\0b"\n', 2, 6, "does not allow"),
    "a list as a key": ("model: 1\n? [a, b]\n: 6\n", 2, 3, "a key is a list"),
    "a missing space": ("model: 1\nwidth:3\nb: 1\n", 2, 1, "no ':' and space"),
    "two colons": ("model: a: b\n", 1, 9, "a second ':'"),
    "a broken reference": ("model: 1\na:\n  b: ${c\n", 3, 3, "${c"),
    "a version that is to come": ("%YAML 9.9\n---\na: 1\n", 1, 1, "incompatible"),
    "an anchor within itself": ("model: &m\n  a: [*m]\n", 2, 7, "within its own anchor"),
    "anchors without end": (f"a0: &a0 1\n{LADDER}", 5, 5, "more than 5,000 values"),
    "a list without end": (f"model: [{'1, ' * 30_000}]\n", 1, 8, "more than 5,000 values"),
    "texts without end": (f"a: &a {'x' * 4000}\nb: [{'*a, ' * 600}]\n", 2, 4, "5,000 values"),
    "nesting without end": (f"model: {'[' * 500}{']' * 500}\n", 1, 8 + MOST_LEVELS - 1, "levels"),
    "nesting by lines": ("".join(f"{' ' * i}a:\n" for i in range(99)), 50, 50, "levels"),
    "defaults that are a number": ("model: 1\ndefaults: 5\n", 2, 1, "must be a list"),
    "a default of two keys": ("defaults:\n  - {a: 1, b: 2}\n", 1, 1, "Too many keys"),
    "a default that is a number": ("defaults: [5]\n", 1, 1, "Unsupported type"),
    "defaults that include themselves": (
        "defaults: [mine]\n", 1, 1, "includes itself: search_space/mine -> search_space/mine",
    ),
}  # fmt: skip


def written(text: str | bytes, name: str = "mine") -> None:
    folder = Path("conf/search_space")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place(mistake):
    text, line, column, words = MISTAKES[mistake]
    written(text)
    with pytest.raises(ComposeError) as raised, composed(["search_space=mine"], [Path("conf")]):
        pass
    first, shown, caret = str(raised.value).splitlines()
    assert first.startswith(f"conf/search_space/mine.yaml, line {line}, column {column}: ")
    assert words in first
    assert len(shown) < 100
    assert caret.strip() == "^"
    assert len(caret) <= len(shown) + 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 600_000, "has 600,000 bytes"),
        ("# @package a b c\nmodel: 1\n", "Too many components"),
        ("5\n", "int"),
        ("defaults: [nothing]\n", "search_space/nothing: there is no such config"),
        ("defaults: [/optimizer: nope]\n", "optimizer: there is no option 'nope'"),
    ],
)
def test_what_has_no_line_is_told_with_the_file(text, words):
    written(text)
    with pytest.raises(ComposeError) as raised, composed(["search_space=mine"], [Path("conf")]):
        pass
    assert words in str(raised.value)
    assert "search_space/mine" in str(raised.value)


def test_files_that_include_each_other_are_told():
    written("defaults: [other]\n")
    written("defaults: [third]\n", "other")
    written("defaults: [mine]\n", "third")
    with (
        pytest.raises(ComposeError, match=r"third -> .*mine -> .*other -> .*third"),
        composed(["search_space=mine"], [Path("conf")]),
    ):
        pass


def test_anchors_and_merges_that_end_are_welcome():
    written("a: &a {x: 1}\nmodel: {<<: *a, y: [*a, *a]}\nb: 1.5e3\n")
    with composed(["search_space=mine", "tracker=none"], [Path("conf")]) as found:
        assert found.search_space.model == {"x": 1, "y": [{"x": 1}, {"x": 1}]}


def test_a_command_tells_it_in_three_lines_and_trains_nothing(monkeypatch, capsys):
    written("model:\n  h: 8\n  h: 9\n")
    assert nas_hydra(monkeypatch, "--config-dir", "conf", "search_space=mine") == 2
    assert capsys.readouterr().err == (
        "error: conf/search_space/mine.yaml, line 3, column 3: the key 'h' stands twice in one"
        " mapping; leave one\n    h: 9\n    ^\n"
    )
    assert [name for _, _, names in os.walk(".") for name in names] == ["mine.yaml"]


def test_the_help_shows_a_folder_with_broken_files(monkeypatch, capsys):
    written(b"# caf\xe9\nmodel: 1\n")
    monkeypatch.setattr("sys.argv", ["nas-hydra", "--config-dir", "conf", "--help"])
    from nas_hydra.cli import main

    main()
    assert "mine" in capsys.readouterr().out
