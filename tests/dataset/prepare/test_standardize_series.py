"""Standardised series: what has values counts, and what has none stays 0."""

import pytest
import torch

from nas_hydra.dataset.prepare.standardize_series import StandardizeSeries
from nas_hydra.errors import ConfigError


def test_channels_get_mean_0_and_deviation_1():
    series = torch.randn(30, 2, 9) * torch.tensor([[3.0], [0.01]]) + torch.tensor([[1e4], [-2.0]])
    fitted = StandardizeSeries().fit(torch.split(series, 7))
    prepared = fitted(series)
    assert torch.allclose(prepared.mean(dim=(0, 2)), torch.zeros(2), atol=1e-2)
    assert torch.allclose(prepared.std(dim=(0, 2)), torch.ones(2), atol=1e-2)
    assert not list(fitted.parameters())


def test_padding_changes_nothing():
    """As many zeros as may be after their ends: the same statistics, and zeros they stay."""
    series, mask = torch.randn(20, 3, 8) + 5, torch.arange(8) < torch.randint(1, 9, (20, 1))
    inputs = {"series": series * mask[:, None], "mask": mask}
    longer = {name: torch.nn.functional.pad(one, (0, 5)) for name, one in inputs.items()}
    fitted, other = StandardizeSeries().fit([inputs]), StandardizeSeries().fit([longer])
    assert torch.equal(fitted.mean, other.mean)
    assert torch.equal(fitted.std, other.std)
    known = series.transpose(1, 2)[mask]
    assert torch.allclose(fitted.mean[:, 0], known.mean(dim=0), atol=1e-5)
    assert torch.allclose(fitted.std[:, 0], known.std(dim=0), atol=1e-5)
    prepared = fitted(inputs)
    assert torch.equal(prepared["mask"], mask)
    assert not prepared["series"].transpose(1, 2)[~mask].any()


def test_a_constant_channel_is_named(caplog):
    series = torch.stack([torch.randn(5, 4), torch.full((5, 4), 1e6)], dim=1)
    prepared = StandardizeSeries().fit([series])(series)
    assert not prepared[:, 1].any()
    assert "of 2 channels of the training series, 1 are constant: '2'" in caplog.text


def test_nothing_to_learn_from():
    with pytest.raises(ConfigError, match="nothing to learn from"):
        StandardizeSeries().fit([torch.ones(4, 1, 5)])
