"""Real sentences: what scikit-learn says of its data sets, one class for each of them."""

import csv
from pathlib import Path

from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

DESCRIBED = (load_breast_cancer, load_diabetes, load_digits, load_wine)
TINY = ("dataset.vocabulary=100", "dataset.length=12")


def sentences() -> list[tuple[str, str]]:
    """Different lines, with the name of the data set that each is about."""
    found = {
        line.strip(): loaded.__name__.removeprefix("load_")
        for loaded in DESCRIBED
        for line in loaded().DESCR.splitlines()
        if len(line.split()) > 3
    }
    return list(found.items())


def table(file: Path, rows: list[tuple[object, object]], names: tuple[str, ...]) -> Path:
    """A csv file of such rows."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([names, *rows])
    return file


def write(folder: Path) -> list[str]:
    """A table of sentences, and the overrides that use it."""
    file = table(folder / "sentences.csv", sentences(), ("sentence", "about"))
    return ["dataset=text", f"dataset.file={file}", "dataset.target=about", *TINY]
