"""Vision transformers (Dosovitskiy et al. 2021) of torchvision's encoder blocks."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torchvision.models.vision_transformer import EncoderBlock


class VisionTransformer(nn.Module):
    """Patches and a class token through encoder blocks; the class token is classified.

    Args:
        image_size: side of the square images, in pixels; a multiple of ``patch_size``.
        patch_size: side of a patch, in pixels.
        width: of every token; a multiple of ``heads``.
        heads: of the attention.
        mlp_ratios: for each block, how many times wider its hidden layer is than a token.
        in_channels: of the images.
        num_classes: number of outputs.
        dropout: chance of a feature to be dropped in training, 0 to 1.

    Raises:
        ValueError: if sizes do not divide.
    """

    def __init__(
        self,
        image_size: int,
        patch_size: int,
        width: int,
        heads: int,
        mlp_ratios: Sequence[int],
        in_channels: int,
        num_classes: int,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if image_size % patch_size:
            raise ValueError(f"patch_size {patch_size} does not divide image_size {image_size}")
        if width % heads:
            raise ValueError(f"heads {heads} do not divide width {width}")
        tokens = (image_size // patch_size) ** 2 + 1
        norm = partial(nn.LayerNorm, eps=1e-6)
        self.patches = nn.Conv2d(in_channels, width, patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.empty(1, tokens, width).normal_(std=0.02))
        self.blocks = nn.Sequential(
            nn.Dropout(dropout),
            *[
                EncoderBlock(heads, width, ratio * width, dropout, dropout, norm)
                for ratio in mlp_ratios
            ],
            norm(width),
        )
        self.linear = nn.Linear(width, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, image_size, image_size) to logits (N, num_classes)."""
        patches = self.patches(images).flatten(start_dim=2).transpose(1, 2)
        start = self.class_token.expand(images.shape[0], -1, -1)
        tokens = self.blocks(torch.cat([start, patches], dim=1) + self.positions)
        return self.linear(tokens[:, 0])  # type: ignore[no-any-return]
