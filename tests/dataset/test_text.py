"""Texts of one's own: from files to ids, and what is said of files that are none."""

import gzip
import json
import re
from pathlib import Path

import pandas as pd
import pytest
import torch

from made.text import sentences, table
from nas_hydra.dataset.cache import release_datasets
from nas_hydra.dataset.raw import final_examples, raw_rows
from nas_hydra.dataset.split.random import Random
from nas_hydra.dataset.split.stratified import Stratified
from nas_hydra.dataset.text import Text
from nas_hydra.errors import ConfigError

NULL = dict.fromkeys(
    [
        *("file", "root", "test_file", "column", "target", "target_kind", "vocabulary", "length"),
        *("num_classes", "num_targets", "limit", "memory_limit"),
    ]
)
COMMON = {
    **{**NULL, "text": "line", "tokens": "words", "batch_size": 16, "workers": 0, "seed": 0},
    **{"holdout": 0.2, "validation": 0.2},
}
SENTENCES = ("sentence", "about")


def made(**settings) -> Text:
    return Text(**{**COMMON, **settings})


def found(**settings):
    return Text.found({"_target_": "nas_hydra.dataset.text.Text", **COMMON, **settings})


@pytest.fixture(autouse=True)
def nothing_loaded():
    """Files of one name are others in every test."""
    release_datasets()


@pytest.fixture
def file() -> str:
    return str(table(Path("sentences.csv"), sentences(), SENTENCES))


def folders(*names: str, texts: int = 6) -> None:
    for name in names:
        for number in range(texts):
            one = Path("texts", name, f"{number}.txt")
            one.parent.mkdir(parents=True, exist_ok=True)
            one.write_text(f"{Path(name).name} number {number}\nand more")


def words_of(data: Text, ids: torch.Tensor) -> list[str]:
    entries = ["", "?", *data.described()["tokenizer"]["entries"]]
    return [" ".join(entries[one] for one in row if one) for row in ids]


def test_rows_are_the_sentences_of_the_file_with_their_classes():
    rows = [(f"word{number}", f"class{number % 3}") for number in range(60)]
    data = made(file=str(table(Path("a.csv"), rows, SENTENCES)), target="about", vocabulary=None)
    assert data.class_names == ["class0", "class1", "class2"]
    train, valid = data.train, data.valid
    known = dict(rows)
    assert [known[one] for one in words_of(data, train.inputs)] == [
        data.class_names[label] for label in train.target
    ]
    test = data.at("final").test
    assert len(train) + len(valid) + len(test) == len(rows)
    assert set(words_of(data, valid.inputs)) == {"?"}  # nobody has trained on these words


def test_only_training_texts_make_the_vocabulary(file):
    rows = [(f"mark{number} {text}", about) for number, (text, about) in enumerate(sentences())]
    table(Path(file), rows, SENTENCES)
    data = made(file=file, target="about")
    entries = [
        one for one in data.described()["tokenizer"]["entries"] if re.fullmatch(r"mark\d+", one)
    ]
    assert len(entries) == len(data.train)
    assert len(data.at("final").train) == len(data.train) + len(data.valid)
    assert data.at("final").described() == data.described()  # of the search, at every stage
    assert (data.valid.inputs == 1).any(dim=1).all()
    assert not (data.train.inputs == 1).any()


def test_streamed_batches_are_those_of_memory(file):
    held = made(file=file, target="about")
    streamed = made(file=file, target="about", memory_limit=1, seed=0)
    batches = zip(held.train_batches(3), streamed.train_batches(3), strict=True)
    assert all(a.equal(c) and b.equal(d) for (a, b), (c, d) in batches)
    assert held.noted.identity == streamed.noted.identity


def test_a_row_is_known_by_its_text_whatever_its_ids_are(file):
    given = {"file": file, "target": "about"}
    words, characters = (made(**given, tokens=one) for one in ("words", "characters"))
    before = words.noted.identity
    assert characters.noted.identity == before
    table(Path(file), [(f"{text}!", about) for text, about in sentences()], SENTENCES)
    assert made(**given, length=99).noted.identity != before


def test_a_file_that_changes_is_read_again(file):
    given = {"file": file, "target": "about"}
    assert len(made(**given).class_names) == 4
    table(Path(file), [row for row in sentences() if row[1] != "wine"], SENTENCES)
    assert len(made(**given).class_names) == 3


def test_the_test_rows_are_raw_ids_that_are_read_alone(file):
    data = made(file=file, target="about")
    inputs, target = next(raw_rows(data))
    test = data.at("final").test
    assert inputs.equal(test.inputs)
    assert target.equal(test.target)
    train, tested = final_examples(data)
    assert (len(train), len(tested)) == (len(data.at("final").train), len(test))


def test_what_is_null_is_found_and_told(file, caplog):
    caplog.set_level("INFO")
    facts = found(file=file, target="about", vocabulary=100)
    assert 5 < facts.pop("length") < 40
    assert facts == {"column": "sentence", "target_kind": "class", "num_classes": 4}
    told = "\n".join(caplog.messages)
    for part in (
        "column 'sentence'",
        "4 classes: 'breast_cancer:",
        "100 ids (words)",
        "are cut to",
    ):
        assert part in told


def test_nothing_is_looked_at_if_all_is_said():
    facts = {"target_kind": "class", "column": "a", "vocabulary": 9, "length": 3}
    assert found(file="not_there.csv", **facts, num_classes=2) == {}


def test_what_depends_on_an_open_setting_cannot_be_found(file):
    tokens = {"_choice_": ["words", "characters"]}
    with pytest.raises(ConfigError, match=r"dataset\.target_kind: is null, and dataset\.tokens"):
        found(file=file, target="about", tokens=tokens)


@pytest.mark.parametrize("longest", [7, 400])
def test_a_length_covers_most_training_texts_up_to_a_limit(longest):
    rows = [("word " * (longest if number % 2 else 3), number % 2) for number in range(100)]
    file = str(table(Path("long.csv"), rows, ("text", "target")))
    assert found(file=file, target="target")["length"] == min(longest, 256)


def test_numbers_are_told_of_texts():
    rows = [(f"{'good ' * number}end", f"{number / 2}") for number in range(40)]
    file = str(table(Path("stars.csv"), rows, ("text", "stars")))
    assert found(file=file, target="stars")["target_kind"] == "number"
    data = made(file=file, target="stars", target_kind="number", length=40)
    lengths = (data.train.inputs > 0).sum(dim=1)
    assert data.train.target.equal((lengths - 1) / 2)
    assert data.train.target.dtype == torch.float32


def test_classes_that_are_numbers_are_in_their_order():
    rows = [(f"text {number}", number % 12) for number in range(60)]
    file = str(table(Path("stars.csv"), rows, ("text", "stars")))
    assert made(file=file, target="stars").class_names == [str(one) for one in range(12)]


@pytest.mark.parametrize("ending", ["csv.gz", "tsv", "parquet", "csv"])
def test_tables_of_every_kind_are_read(ending, caplog):
    frame = pd.DataFrame(sentences(), columns=SENTENCES)
    file = f"sentences.{ending}"
    if ending == "parquet":
        frame.to_parquet(file)
    elif ending == "csv.gz":
        Path(file).write_bytes(gzip.compress(frame.to_csv(index=False).encode("utf-8-sig")))
    else:
        frame.to_csv(file, index=False, sep="\t" if ending == "tsv" else ";")
    plain = str(table(Path("plain.csv"), sentences(), SENTENCES))
    identities = [made(file=one, target="about").noted.identity for one in (file, plain)]
    assert identities[0] == identities[1]


def test_a_text_may_look_like_a_number_or_like_nothing():
    rows = [(text, "ab"[number % 2]) for number, text in enumerate(["NA", "007", "null"] * 6)]
    data = made(file=str(table(Path("odd.csv"), rows, ("text", "kind"))), target="kind")
    assert set(data.described()["tokenizer"]["entries"]) == {"na", "007", "null"}


def test_class_folders_are_read():
    folders("good", "bad")
    data = made(root="texts")
    assert data.class_names == ["bad", "good"]
    assert words_of(data, data.train.inputs[:1])[0].startswith(
        data.class_names[data.train.target[0]]
    )


def test_folders_may_give_the_splits():
    folders("train/a", "train/b", "valid/a", "valid/b", "test/a", "test/b")
    for name in ("train", "valid", "test"):
        for file in Path("texts", name).rglob("*.txt"):
            file.write_text(f"{name} {file.parent.name}")
    data = made(root="texts")
    assert set(words_of(data, data.train.inputs)) == {"train a", "train b"}
    assert len(data.valid) == 12
    final = data.at("final")
    assert (len(final.train), len(final.test)) == (24, 12)
    assert words_of(data, final.test.inputs)[0] == "? a"


def test_a_test_file_is_tested_on(file):
    other = str(table(Path("test.csv"), sentences()[::5], SENTENCES))
    data = made(file=file, test_file=other, target="about")
    assert len(data.at("final").test) == len(sentences()[::5])
    assert len(data.at("final").train) == len(sentences())


def test_lines_of_a_text_file_are_to_be_gone_on():
    Path("a.txt").write_text("one two three\n\nfour five\n" * 10)
    data = made(file="a.txt", length=4)
    ids, target = data.train.inputs, data.train.target
    assert target[:, :-1].masked_fill(target[:, :-1] == -100, 0).equal(ids[:, 1:])
    assert target[:, -1].eq(-100).all()
    assert len(data.train) + len(data.valid) + len(data.at("final").test) == 20
    assert data.class_names is None


def test_a_text_may_be_a_paragraph():
    Path("a.txt").write_text("one\ntwo\n\n\nthree\n\n" * 10)
    data = made(file=["a.txt"], text="paragraph", tokens="characters")
    entries = data.described()["tokenizer"]["entries"]
    assert "\n" in entries
    assert len(data.train) == 12  # of 20


def test_rows_that_lack_something_are_left_out_and_counted(caplog):
    rows = [*sentences(), ("", "wine"), ("no class", ""), (" ", "wine")]
    file = str(table(Path("gaps.csv"), rows, SENTENCES))
    data = made(file=file, target="about")
    sizes = len(data.at("final").train), len(data.at("final").test)
    assert sum(sizes) == len(sentences())
    assert f"1 of {len(rows)} rows without a target are left out" in caplog.text
    assert f"2 of {len(rows)} rows without a text are left out" in caplog.text


def test_new_texts_become_the_ids_of_the_network(file):
    data = made(file=file, target="about", column="sentence", length=9)
    described = json.loads(json.dumps(data.described()))
    test = made(file=file, target="about", column="sentence", length=9).at("final").test
    new = table(Path("new.csv"), [("x", text) for text, _ in sentences()], ("id", "sentence"))
    names, ids = Text.unlabelled(COMMON, described, new)
    assert names == [str(row) for row in range(1, len(sentences()) + 1)]
    assert {tuple(row) for row in test.inputs.tolist()} <= {tuple(row) for row in ids.tolist()}
    Path("new.txt").write_text("\n".join(["", *(text for text, _ in sentences())]))
    _, lines = Text.unlabelled(COMMON, described, Path("new.txt"))
    assert lines[1:].equal(ids)
    assert not lines[0].any()
    with Path("new.txt").open() as stream:
        assert Text.unlabelled(COMMON, described, stream)[1].equal(lines)


def test_buckets_are_all_rows_in_batches_that_waste_less(file):
    given = {"file": file, "target": "about", "batch_size": 8}
    plain, sorted_ones = made(**given), made(**given, buckets=True)
    width = plain.train.inputs.shape[1]
    for _ in range(2):  # of one training
        batches = [*sorted_ones.train_batches(3)], [*plain.train_batches(3)]
        assert [len(target) for _, target in batches[0]] == [len(one) for _, one in batches[1]]
        rows = [
            sorted(
                (*row, int(label))
                for ids, target in part
                for row, label in zip(
                    torch.nn.functional.pad(ids, (0, width - ids.shape[1])).tolist(),
                    target,
                    strict=True,
                )
            )
            for part in batches
        ]
        assert rows[0] == rows[1]
        numbers = [sum(ids.numel() for ids, _ in part) for part in batches]
        assert numbers[0] < 0.8 * numbers[1]
    validated = zip(sorted_ones.valid_batches(), plain.valid_batches(), strict=True)
    for (ids, target), (wide, its) in validated:
        assert target.equal(its)
        assert wide[:, : ids.shape[1]].equal(ids)
        assert not wide[:, ids.shape[1] :].any()


def test_targets_of_buckets_are_cut_likewise():
    Path("a.txt").write_text("one two three\nfour\n" * 40)
    data = made(file="a.txt", buckets=True, batch_size=4, length=9)
    for ids, target in data.train_batches(0):
        assert ids.shape == target.shape
        assert ids.shape[1] in (1, 3)


def test_an_epoch_of_buckets_is_in_another_order_than_the_one_before(file):
    batches = made(file=file, target="about", buckets=True, batch_size=8).train_batches(0)
    first, second = ([target.tolist() for _, target in batches] for _ in range(2))
    assert first != second


def one_class():
    return {"file": str(table(Path("a.csv"), [("a b", 1)] * 9, ("text", "kind"))), "target": "kind"}


def no_texts():
    return {"file": str(table(Path("a.csv"), [("", 1)] * 9, ("text", "kind"))), "column": "text"}


def words_for_numbers():
    rows = [("a", "1"), ("b", "2"), ("c", "many")] * 4
    file = str(table(Path("a.csv"), rows, ("text", "stars")))
    return {"file": file, "target": "stars", "target_kind": "number"}


def class_of_the_test_alone():
    train = table(Path("a.csv"), [("a", "x"), ("b", "y")] * 9, ("text", "kind"))
    test = table(Path("b.csv"), [("c", "z")], ("text", "kind"))
    return {"file": str(train), "test_file": str(test), "target": "kind"}


def rare_class():
    rows = [("a", "x"), ("b", "y")] * 9 + [("c", "rare")] * 2
    return {"file": str(table(Path("a.csv"), rows, ("text", "kind"))), "target": "kind"}


def no_unicode():
    Path("a.txt").write_bytes("Käse\n".encode("latin1"))
    return {"file": "a.txt"}


def one_folder():
    folders("only")
    return {"root": "texts"}


def empty_folder():
    folders("full")
    Path("texts/empty").mkdir()
    return {"root": "texts"}


def broken_table():
    Path("a.parquet").write_text("nothing of the kind")
    return {"file": "a.parquet"}


def named(**settings):
    def there():
        file = str(table(Path("sentences.csv"), sentences(), SENTENCES))
        return {"file": file, "target": "about", **settings}

    return there


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (named(column="sentense"), r"dataset\.column: .*did you mean 'sentence'"),
        (named(target="abuot"), r"dataset\.target: .*did you mean 'about'"),
        (named(target=None, target_kind="class"), r"dataset\.target: is null"),
        (named(file="sentence.csv"), r"dataset\.file: .*did you mean 'sentences.csv'"),
        (named(file=None), r"dataset\.file: is null, as is dataset\.root"),
        (named(root="x"), r"dataset\.file: and dataset\.root are said"),
        (named(file=None, root="x"), r"dataset\.root: is 'x', and there is no such folder"),
        (named(num_classes=3), r"dataset\.num_classes: is 3; the texts have 4 classes"),
        (named(length=0), r"dataset\.length: is 0"),
        (one_class, r"dataset\.target: has one class only"),
        (no_texts, r"dataset: has no text with a target among 9 rows"),
        (words_for_numbers, r"dataset\.target: .*4 of 12 rows have no number.*a\.csv:3: 'many'"),
        (class_of_the_test_alone, r"dataset: has no training text of 'z'"),
        (rare_class, r"too few texts of some classes \('rare: 2'\)"),
        (no_unicode, r"a\.txt is not UTF-8"),
        (one_folder, r"dataset\.root: .*1 class folders \('only'\)"),
        (empty_folder, r"dataset\.root: there is no text \(\.txt\)"),
        (broken_table, r"dataset\.file: a\.parquet is no table"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_message(given, told):
    with pytest.raises(ConfigError, match=told) as caught:
        made(**given()).choose()
    assert "\n" not in str(caught.value)


def test_a_class_may_be_lacking_by_chance_where_splits_are_random():
    rows = [("a", "x"), ("b", "y")] * 30 + [("c", "z")]
    file = str(table(Path("a.csv"), rows, ("text", "kind")))
    data = made(file=file, target="kind", split=Random(), validation=0.8, holdout=0.8)
    with pytest.raises(ConfigError, match=r"no training text of 'z'.*split=stratified"):
        data.choose()


def test_classes_are_stratified_unless_something_else_is_said(file):
    given = {"file": file, "target": "about"}
    plain, said = (made(**given, **more).splits for more in ({}, {"split": Stratified()}))
    assert plain.train.inputs.equal(said.train.inputs)
