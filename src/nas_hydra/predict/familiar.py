"""Whether a model was trained on an image: then what it says of it tells nothing of others."""

from pathlib import Path

from torch import Tensor

from nas_hydra.artifact import Artifact
from nas_hydra.dataset.contents import of_picture
from nas_hydra.dataset.examples import read

TRAINING = "training"


class Familiar:
    """Knows the images that a model was trained on, if its folder tells.

    Args:
        artifact: the model.
    """

    def __init__(self, artifact: Artifact) -> None:
        file = artifact.examples
        known = {} if file is None else read(file)
        self._contents = known[TRAINING].contents if TRAINING in known else None
        self._digests = set(self._contents.digests.tolist() if self._contents else ())

    def __call__(self, file: Path, pixels: Tensor) -> bool | None:
        """Whether a picture is among them; None if that is not known.

        Args:
            file: the picture.
            pixels: (C, H, W), float32 in [0, 1], as the network takes it.
        """
        if self._contents is None:
            return None
        try:
            return of_picture(self._contents.how, file, pixels) in self._digests
        except OSError:  # it was there a moment ago
            return None
