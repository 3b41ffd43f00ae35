"""The U-Net of the SpaceNet 7 baseline, by XD_XD: VGG16 down, and up with skips.

Every convolution is 3 x 3 with zero padding, bias and ReLU; there is no normalisation. The skip is
concatenated before the upsampling, so that the decoder costs three quarters of the whole. The names
of the parameters are those of the published weights, in which the encoder has two: one as VGG16's
``features``, one by block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

# Output channels of the convolutions of each encoder block, as in VGG16.
_ENCODER = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class _ConvRelu(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x))


class _UpBlock(nn.Module):
    """Twice the size, then two convolutions."""

    def __init__(self, inputs: int, middle: int, outputs: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            _ConvRelu(inputs, middle),
            _ConvRelu(middle, outputs),
        )

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.block(x)
        return result


class XdxdUNet(nn.Module):
    """float (N, 3, H, W), H and W multiples of 32, to logits (N, outputs, H, W).

    Args:
        bands: Of the image; 3 in the published weights.
        outputs: 1 in the published weights, which then have 29,306,465 parameters.
    """

    multiple = 32

    def __init__(self, bands: int = 3, outputs: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        blocks: list[nn.Sequential] = []
        channels = bands
        for widths in _ENCODER:
            start = len(layers)
            for width in widths:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            blocks.append(nn.Sequential(*layers[start:]))
            layers.append(nn.MaxPool2d(2))
        # The same modules under both names.
        self.encoder = nn.Sequential(*layers)
        self.conv1, self.conv2, self.conv3, self.conv4, self.conv5 = blocks
        self.center = _UpBlock(512, 512, 256)
        self.dec5 = _UpBlock(256 + 512, 512, 256)
        self.dec4 = _UpBlock(256 + 512, 512, 256)
        self.dec3 = _UpBlock(256 + 256, 256, 64)
        self.dec2 = _UpBlock(64 + 128, 128, 32)
        self.dec1 = _ConvRelu(32 + 64, 32)
        self.final = nn.Conv2d(32, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of normalised input."""
        pool = nn.functional.max_pool2d
        conv1 = self.conv1(x)
        conv2 = self.conv2(pool(conv1, 2))
        conv3 = self.conv3(pool(conv2, 2))
        conv4 = self.conv4(pool(conv3, 2))
        conv5 = self.conv5(pool(conv4, 2))
        up = self.center(pool(conv5, 2))
        up = self.dec5(torch.cat([up, conv5], 1))
        up = self.dec4(torch.cat([up, conv4], 1))
        up = self.dec3(torch.cat([up, conv3], 1))
        up = self.dec2(torch.cat([up, conv2], 1))
        up = self.dec1(torch.cat([up, conv1], 1))
        logits: Tensor = self.final(up)
        return logits
