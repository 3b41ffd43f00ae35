"""Losses on logits, over the pixels that count.

z are logits, p = sigmoid(z), t is the target (0 or 1) and m says how much a pixel counts: 1 or 0,
but for the gaps between houses (see `recipe.Loss`). Sums run over the whole batch, each channel by
itself; channels are averaged by their weights.

========  =====================================================================
bce       sum of m·(log(1 + exp(z)) − t·z), divided by the sum of m
jaccard   1 − (I + ε) / (U − I + ε) with I = Σ m·p·t and U = Σ m·p + Σ m·t
dice      1 − (2·I + 1) / (U + 1)
focal     bce with each pixel's summand times (1 − q)^γ, q being p where t = 1, else 1 − p
========  =====================================================================

bce and jaccard with weights 10 and 2.5 on one channel are those of the SpaceNet 7 baseline, in
which all pixels count; its ε is 1e-15. The 1 in dice keeps an empty target from being a matter of 0
or 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from sn7fast.nn.training.recipe import Loss, LossTerm

_JACCARD_EPSILON = 1e-15
_OVER_PIXELS = (0, 2, 3)


def bce(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Binary cross-entropy.

    Args:
        logits: float32 (batch, channels, rows, columns).
        target: The same shape, 0 or 1.
        counts: (batch, channels or 1, rows, columns), 0 where a pixel does not count.

    Returns:
        One number for each channel; 0 if no pixel counts.
    """
    each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return _mean(each, counts)


def focal(logits: Tensor, target: Tensor, counts: Tensor, gamma: float) -> Tensor:
    """Cross-entropy in which pixels that are right already weigh less; arguments as `bce`."""
    each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    # each = -log(q), so q is had without a second sigmoid, and exactly where p is near 0 or 1.
    wrong = -torch.expm1(-each)
    return _mean(wrong.clamp(min=0) ** gamma * each, counts)


def jaccard(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """One minus the soft IoU; arguments as `bce`."""
    shared, both = _overlap(logits, target, counts)
    return 1 - (shared + _JACCARD_EPSILON) / (both - shared + _JACCARD_EPSILON)


def dice(logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """One minus the soft Dice coefficient; arguments as `bce`."""
    shared, both = _overlap(logits, target, counts)
    return 1 - (2 * shared + 1) / (both + 1)


class SumOfLosses:
    """The loss of a recipe.

    Args:
        loss: Of the recipe.
        channels: Names of the channels.
    """

    def __init__(self, loss: Loss, channels: Sequence[str]) -> None:
        self._terms = loss.terms
        self._weights: Sequence[float] = loss.channel_weights or (1.0,) * len(channels)
        self._gap_weight = loss.gap_weight
        self._footprint = channels.index("footprint")
        self._contact = channels.index("contact") if loss.gap_weight != 1 else None

    def __call__(self, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
        """One number, in float32 whatever the logits are; arguments as `bce`, one m for all."""
        logits = logits.float()
        weights = logits.new_tensor(self._weights)
        weights = weights / weights.sum()
        if self._contact is not None:
            gaps = target[:, self._contact]
            counts = counts.repeat(1, target.shape[1], 1, 1)
            counts[:, self._footprint] *= 1 + (self._gap_weight - 1) * gaps
        total = logits.new_zeros(())
        for term in self._terms:
            each = _term(term, logits, target, counts)
            total = total + term.weight * (weights * each).sum()
        return total


def _term(term: LossTerm, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    if term.name == "bce":
        return bce(logits, target, counts)
    if term.name == "focal":
        return focal(logits, target, counts, term.gamma)
    if term.name == "jaccard":
        return jaccard(logits, target, counts)
    return dice(logits, target, counts)


def _mean(each: Tensor, counts: Tensor) -> Tensor:
    return (each * counts).sum(_OVER_PIXELS) / counts.sum(_OVER_PIXELS).clamp(min=1)


def _overlap(logits: Tensor, target: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """I and U of the module's table, for each channel."""
    prob = logits.sigmoid() * counts
    true = target * counts
    return (prob * true).sum(_OVER_PIXELS), prob.sum(_OVER_PIXELS) + true.sum(_OVER_PIXELS)
