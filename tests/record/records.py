"""Records and trials for the tests; run as a script, it adds trials until it is killed."""

import json
import sys

import numpy
from omegaconf import OmegaConf

from nas_hydra.objective import Objective
from nas_hydra.record.storage import journal, storage
from nas_hydra.record.study import StudyRecord
from nas_hydra.search_space import SearchSpace
from nas_hydra.trial import Proposal, Trial

BLOCK = {"kernel": {"_choice_": [3, 5]}, "drop": {"_float_": {"low": 0, "high": 0.5, "step": 0.1}}}
MODEL = {
    "mixed": {"_choice_": [None, True, "text", 3, 2.5]},
    "width": {"_int_": {"low": 1, "high": 64, "log": True}},
    "depth": {"_int_": {"low": 1, "high": 8, "step": 3}},
    "off_grid": {"_float_": {"low": 0.1, "high": 0.95, "step": 0.1}},
    "rate": {"_float_": {"low": 1e-4, "high": 1.0, "log": True}},
    "pool": {"_choice_": ["none", {"size": {"_int_": {"low": 2, "high": 4}}}]},
    "blocks": [{"_repeat_": {"_int_": {"low": 0, "high": 2}}, "_block_": BLOCK}],
}
SPACE = SearchSpace(OmegaConf.create({"model": MODEL}), {"model": ("model",)})
OBJECTIVES = [Objective("acc", "maximize")]
IDENTITY = {"seed": 0, "strategy": {"name": "random", "sizes": [1, 2]}, "labels": {3: "x"}}


def proposal(number, seed=0):
    genotype = SPACE.sample(numpy.random.default_rng((seed, number)))
    return Proposal(number, genotype, "random", (number - 1,) if number else ())


def complete(number, **changes):
    values = {"acc": number / 100}
    metrics = {**values, "params": 1000.0}
    changes = {"values": values, "metrics": metrics, "epochs": 3, "seconds": 1.5} | changes
    return Trial(proposal(number), "complete", **changes)


def open_record(store, study="search", identity=IDENTITY, objectives=OBJECTIVES, space=SPACE):
    return StudyRecord(store, study, space, objectives, identity)


STORES = {
    "journal": lambda folder: journal(str(folder / "run" / "journal.log")),
    "sqlite": lambda folder: storage(f"sqlite:///{folder}/all.db"),
}


def aged(journal):
    """Make a journal one of version 0.1, which wrote fewer attributes."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        line.pop("digest")
        for name in ("digest", "place", "curves", "source"):
            line.get("user_attrs", {}).pop(name, None)
        for name in ("digest", "recorded"):
            line.get("user_attr", {}).get("finished", {}).pop(name, None)
    kept = [line for line in lines if "digest" not in line.get("user_attr", {})]
    written = (json.dumps(line, separators=(",", ":")) + "\n" for line in kept)
    journal.write_text("".join(written))


def main(store, path):
    made = journal(path) if store == "journal" else storage(f"sqlite:///{path}")
    record = open_record(made)
    number = len(record)
    while True:
        record.add(complete(number))
        print(number, flush=True)
        number += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
