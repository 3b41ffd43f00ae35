"""The optimiser, and its learning rate at each step, from the step's number alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn

    from sn7fast.nn.training.recipe import Optimiser, Recipe


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int) -> float:
    """For the step of this number, from 0.

    Args:
        recipe: Of the training.
        step: Number over all epochs.
        steps_per_epoch: Of the optimiser.
    """
    schedule, lr = recipe.schedule, recipe.optimiser.lr
    warmup = schedule.warmup_epochs * steps_per_epoch
    if step < warmup:
        return lr * (step + 1) / (warmup + 1)
    if schedule.name == "constant":
        return lr
    if schedule.name == "multistep":
        passed = sum(step >= epoch * steps_per_epoch for epoch in schedule.milestones)
        return float(lr * schedule.gamma**passed)
    length = max(recipe.epochs * steps_per_epoch - 1 - warmup, 1)
    done = min((step - warmup) / length, 1.0)
    return lr * (schedule.final + (1 - schedule.final) * 0.5 * (1 + math.cos(math.pi * done)))


def optimiser_of(settings: Optimiser, network: nn.Module) -> torch.optim.Optimizer:
    """The optimiser of a recipe for the weights of a network."""
    parameters = network.parameters()
    if settings.name == "sgd":
        return torch.optim.SGD(
            parameters,
            settings.lr,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
        )
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(
        parameters,
        settings.lr,
        betas=settings.betas,
        eps=settings.eps,
        weight_decay=settings.weight_decay,
    )
