"""What every predictor can do."""

from typing import Protocol

from nas_hydra.predictor.inputs import Array, Inputs


class Predictor(Protocol):
    """Tells from some candidates' targets what to expect of others. Drawn from no chance."""

    def fit(self, inputs: Inputs, targets: Array, tune: bool) -> None:
        """Learn.

        Args:
            inputs: N candidates; some may be equal.
            targets: float64 (N,), more is better, of about unit variance.
            tune: whether to choose hyper-parameters anew; else those of the last time are kept.
        """

    def predict(self, inputs: Inputs) -> tuple[Array, Array]:
        """Mean and standard deviation of what M candidates are worth, without noise; (M,) each."""
