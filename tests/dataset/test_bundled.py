"""Tables that come with scikit-learn: as dataset=NAME they are there without a file."""

import pytest
import torch

from nas_hydra.app.completing import complete
from nas_hydra.app.settings import resolved
from nas_hydra.compose import composed
from nas_hydra.config.component import build
from nas_hydra.dataset import Dataset
from nas_hydra.dataset.bundled import Bundled
from nas_hydra.errors import ConfigError

TABLES = {"breast_cancer": (569, 30, 2), "diabetes": (442, 10, None), "wine": (178, 13, 3)}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_there_by_its_name(name):
    rows, features, classes = TABLES[name]
    kind = "class" if classes else "number"
    with composed([f"dataset={name}", f"dataset.target_kind={kind}"]) as config:
        plain = complete(config, resolved(config))["dataset"]
    dataset = build(plain, "dataset", Dataset)
    assert (plain["features"], plain["num_classes"]) == (features, classes)
    assert len(dataset.open_all().target) == rows
    assert dataset.train.inputs["numbers"].shape[1] == features
    assert torch.isfinite(dataset.train.inputs["numbers"]).all()


def test_classes_have_their_names():
    assert Bundled(
        **{"file": "breast_cancer", "target": "target", "target_kind": "class", "batch_size": 16},
        **{"validation": 0.2, "holdout": 0.2, "limit": None, "seed": 0, "memory_limit": None},
        workers=0,
    ).class_names == ("benign", "malignant")


def test_another_name_is_refused():
    with pytest.raises(ConfigError, match=r"dataset\.file: is boston; allowed: 'breast_cancer'"):
        Bundled.found({"file": "boston", "target": "target", "features": None})
