"""Moving average of weights."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


class Ema:
    """A copy of a network whose weights follow it slowly.

    After step n (from 1) the copy takes a share 1 - d of the weights, d being the least of the
    decay and n / (n + 10), so that it does not hang on to the random weights of the start. Running
    statistics (BatchNorm) are averaged like weights; whole numbers are copied.

    Args:
        network: What to follow.
        decay: Above 0, below 1.

    Attributes:
        network: The copy, in evaluation mode.
        steps: How often it was updated.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Follow the network, after a step of it."""
        self.steps += 1
        share = 1 - min(self._decay, self.steps / (self.steps + 10))
        mine = self.network.state_dict()
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                mine[name].lerp_(tensor, share)
            else:
                mine[name].copy_(tensor)
