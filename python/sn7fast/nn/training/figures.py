"""Figures of a pass over crops: mean loss and pixel IoU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import distributed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

_OVER_PIXELS = (0, 2, 3)


class Figures:
    """Sums over batches, which add up over processes and outlast an interruption.

    Args:
        channels: Number of channels.
        device: Where the sums are kept.
    """

    def __init__(self, channels: int, device: torch.device) -> None:
        # loss, crops; and for each channel the pixels predicted and true, and in one of the two.
        # float64 counts pixels exactly.
        self._sums = torch.zeros(2 + 2 * channels, dtype=torch.float64, device=device)

    @torch.no_grad()
    def add(self, loss: Tensor, logits: Tensor, target: Tensor, counts: Tensor) -> None:
        """One batch; arguments as in `sn7fast.nn.training.losses`, the masks as bool."""
        said = (logits > 0) & counts
        true = target & counts
        crops = len(logits)
        self._sums[0] += loss.detach().double() * crops
        self._sums[1] += crops
        both = torch.cat([(said & true).sum(_OVER_PIXELS), (said | true).sum(_OVER_PIXELS)])
        self._sums[2:] += both

    def add_up(self) -> None:
        """Over all processes, each of which has to call this."""
        if distributed.is_initialized():
            distributed.all_reduce(self._sums)

    def total(self) -> list[float]:
        """The sums over all processes, each of which has to call this."""
        sums = self._sums.clone()
        if distributed.is_initialized():
            distributed.all_reduce(sums)
        return [float(value) for value in sums]

    def restore(self, sums: Sequence[float]) -> None:
        """Go on from what `total` gave, in one process of all."""
        self._sums.copy_(torch.tensor(sums, dtype=torch.float64))

    @property
    def loss(self) -> float:
        """Mean over crops (of the losses of their batches)."""
        return float(self._sums[0] / self._sums[1])

    @property
    def iou(self) -> tuple[float, ...]:
        """Of each channel over all pixels that count, at probability 0.5; 1 if both are empty."""
        pixels = self._sums[2:].tolist()
        channels = len(pixels) // 2
        return tuple(
            shared / either if either else 1.0
            for shared, either in zip(pixels[:channels], pixels[channels:], strict=True)
        )
