"""A small fast U-Net for buildings of few pixels.

Down and up with added skips, two plain 3 x 3 convolutions a level, of which the first level keeps
the full resolution: at 4 m a building is 4 pixels across, and what is pooled away cannot be drawn.
Deeper levels only bring the surroundings. BatchNorm follows each convolution, for training; it is
folded into it for use (`folded`). Up is 1 x 1 convolution first, then doubling, so that the
convolutions at the higher resolution are narrow. To separate neighbours the answer may have more
pixels than the image: each pixel of the last features gives scale x scale of them, which costs next
to nothing where an enlarged image would cost scale x scale times all.
"""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import TYPE_CHECKING

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from sn7fast._arguments import whole_number

if TYPE_CHECKING:
    from torch import Tensor


class _Conv(nn.Sequential):
    """Convolution, BatchNorm, ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class _Level(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, convs: int) -> None:
        widths = [inputs, *[outputs] * convs]
        super().__init__(*(_Conv(one, other) for one, other in pairwise(widths)))


class SmallUNet(nn.Module):
    """float (N, bands, H, W) to logits (N, outputs, H * scale, W * scale).

    With the defaults and three bands and outputs it has 268,403 parameters.

    Args:
        bands: Of the image.
        outputs: Of the answer.
        width: Channels of the first level; the others have 2, 4, 6, 8, ... times as many.
        depth: Levels, each at half the resolution of the one before; H and W must be multiples of
            2 ** (depth - 1).
        convs: Convolutions a level, on the way down; there is one less on the way up, at least one.
        scale: Pixels of the answer along one of the image, 1 to 4.

    Raises:
        InputError: An argument is out of range.
    """

    def __init__(
        self,
        bands: int = 3,
        outputs: int = 1,
        *,
        width: int = 16,
        depth: int = 4,
        convs: int = 2,
        scale: int = 1,
    ) -> None:
        super().__init__()
        whole_number("width", width, 1, 1024)
        whole_number("depth", depth, 1, 7)
        whole_number("convs", convs, 1, 8)
        whole_number("scale", scale, 1, 4)
        self.multiple = 2 ** (depth - 1)
        self.scale = scale
        widths = [width * (1, 2, 4, 6, 8, 10, 12)[level] for level in range(depth)]
        self.down = nn.ModuleList(
            _Level(inputs, outs, convs)
            for inputs, outs in zip([bands, *widths], widths, strict=False)
        )
        lower = list(pairwise(widths))
        self.lateral = nn.ModuleList(nn.Conv2d(below, here, 1) for here, below in lower)
        self.up = nn.ModuleList(_Level(here, here, max(1, convs - 1)) for here, _ in lower)
        self.head = nn.Conv2d(width, outputs * scale * scale, 3 if scale > 1 else 1,
                              padding=1 if scale > 1 else 0)  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Logits of normalised input."""
        skips = []
        for index, level in enumerate(self.down):
            x = level(nn.functional.max_pool2d(x, 2) if index else x)
            skips.append(x)
        for lateral, up, skip in zip(
            reversed(self.lateral), reversed(self.up), reversed(skips[:-1]), strict=True
        ):
            x = nn.functional.interpolate(lateral(x), scale_factor=2.0, mode="nearest")
            x = up(x + skip)
        logits: Tensor = self.head(x)
        return logits if self.scale == 1 else nn.functional.pixel_shuffle(logits, self.scale)


def folded(network: nn.Module) -> nn.Module:
    """A copy for use: each BatchNorm is put into the convolution before it.

    Args:
        network: Any; only a convolution that a BatchNorm follows in one ``Sequential`` is changed.

    Returns:
        A copy in evaluation mode that gives the same numbers up to rounding.
    """
    network = copy.deepcopy(network).eval()
    for module in list(network.modules()):
        if not isinstance(module, nn.Sequential):
            continue
        for index in range(len(module) - 1):
            conv, norm = module[index], module[index + 1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[index] = fuse_conv_bn_eval(conv, norm)
                module[index + 1] = nn.Identity()
    return network


def count_parameters(network: nn.Module) -> int:
    """Number of parameters, each once."""
    return sum(parameter.numel() for parameter in network.parameters())
