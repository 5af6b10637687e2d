"""Networks that give back what they are given."""

from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss

from command import SMALL, nas_hydra, rows
from nas_hydra.errors import CandidateError
from nas_hydra.task.reconstruction import Reconstruction


def test_the_loss_is_the_mean_squared_error_of_all_numbers_with_fractions():
    task = Reconstruction(None)
    inputs = {"ids": torch.arange(6).view(3, 2), "numbers": torch.rand(3, 4), "x": torch.rand(3, 2)}
    wanted = task.wanted(inputs, torch.zeros(3))
    output = [torch.rand(3, 4), torch.rand(3, 2)]
    found = task.loss(output, wanted)
    both = torch.cat(output, dim=1), torch.cat([inputs["numbers"], inputs["x"]], dim=1)
    torch.testing.assert_close(found, mse_loss(*both))
    torch.testing.assert_close(task.loss(output, wanted, "sum"), 3 * found)
    task.check(torch.rand(3, 6), wanted)  # in one piece


def test_a_test_is_a_validation_of_the_test_rows():
    task = Reconstruction(None)
    batches = [(torch.rand(size, 1, 4, 4), torch.zeros(size)) for size in (5, 3)]
    network = nn.Linear(4, 4)
    report = task.tested(network, batches)
    images = torch.cat([inputs for inputs, _ in batches])
    assert report.figures["test_loss"] == pytest.approx(mse_loss(network(images), images).item())
    assert report.total == 8


def test_outputs_are_as_many_as_the_data_says():
    open_one = {"outputs": None}
    assert Reconstruction.found(open_one, {"input_shape": [1, 8, 8]}) == {"outputs": 64}
    assert Reconstruction.found(open_one, {"channels": 2, "length": 30}) == {"outputs": 60}
    assert Reconstruction.found(open_one, {"features": 13}) == {"outputs": 13}
    assert Reconstruction.found(open_one, {}) == {}


def test_other_outputs_and_inputs_without_fractions_are_refused():
    task = Reconstruction(None)
    with pytest.raises(CandidateError, match="64 numbers a row are needed"):
        task.check(torch.zeros(2, 10), [torch.zeros(2, 1, 8, 8)])
    with pytest.raises(CandidateError, match="64 numbers a row are needed"):
        task.check("nothing", [torch.zeros(2, 1, 8, 8)])
    with pytest.raises(CandidateError, match="no numbers with fractions"):
        task.wanted({"ids": torch.zeros(2, dtype=torch.int64)}, None)


def test_a_search_for_an_autoencoder(monkeypatch):
    words = ("task=reconstruction", "search_space=mlp", "hydra.run.dir=run")
    assert nas_hydra(monkeypatch, *SMALL, *words, "budget.trials=1", "trainer.max_epochs=4") == 0
    (row,) = rows(Path("run"))
    assert 0 < float(row["val_loss"]) < 2  # pixels are standardised
    assert "val_acc" not in row
