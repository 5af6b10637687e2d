"""Any folder of class folders."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torchvision.datasets import ImageFolder as TorchvisionImageFolder
from torchvision.datasets.folder import default_loader
from torchvision.transforms import v2

from nas_hydra.dataset.base import WholeDataset
from nas_hydra.dataset.images import Images
from nas_hydra.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ImageFolder(WholeDataset):
    """``root/CLASS/*.png``, in colour, resized to squares.

    Args:
        root: the folder that holds one folder per class.
        size: height and width in pixels to which every image is resized.
    """

    root: str
    size: int

    def load_all(self) -> Images:
        """All images.

        Raises:
            ConfigError: if the folder is missing, has no images, or one cannot be read.
        """
        resize = v2.Compose(
            [v2.PILToTensor(), v2.Resize((self.size, self.size)), v2.ToDtype(torch.float32, True)]
        )
        samples = self._samples()
        pixels = torch.stack([resize(self._read(file)) for file, _ in samples])
        return Images(pixels, torch.tensor([label for _, label in samples]))

    def _samples(self) -> list[tuple[str, int]]:
        try:
            samples: list[tuple[str, int]] = TorchvisionImageFolder(self.root).samples
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ConfigError(
                "dataset.root",
                f"{Path(self.root).resolve()} is not a folder of class folders with images:"
                f" {error}. Say dataset.root=FOLDER",
            ) from None
        return samples

    def _read(self, file: str) -> object:
        try:
            return default_loader(file)
        except OSError as error:
            raise ConfigError("dataset.root", f"{file} cannot be read: {error}") from None
