"""What a run needs to go on as if nothing had happened."""

from __future__ import annotations

import errno
import io
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from sn7fast.errors import InputError
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMAT = 1

# What may change while a run is interrupted: where and how it is computed and kept.
_FREE = ("compute.", "checkpoints.every_steps", "data.cache", "name")


@dataclass(slots=True)
class Progress:
    """How far a run is.

    Attributes:
        epoch: Number of the epoch that is next or under way, from 0.
        batch: Number of its batches that are done.
        step: Steps of the optimiser so far.
        sums: Of the figures over these batches.
        best: The best figure so far, or None before the first.
        best_epoch: Its epoch.
        least_loss: Least val_loss so far, for early stopping.
        worse: Epochs in a row with a val_loss above that.
        history: A row of figures for each epoch that is done.
        done: The run has ended: by its last epoch or early.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    sums: list[float] = field(default_factory=list)
    best: float | None = None
    best_epoch: int = -1
    least_loss: float | None = None
    worse: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    done: bool = False


def save_checkpoint(
    path: Path, progress: Progress, recipe: dict[str, Any], states: dict[str, Any]
) -> None:
    """Write a checkpoint, whole or not at all: if that fails the one before stays.

    Args:
        path: The file.
        progress: How far the run is.
        recipe: As JSON has it.
        states: Tensors of network, optimiser and so on, by name.

    Raises:
        OSError: The disk is full, or else; names the file.
    """
    buffer = io.BytesIO()
    whole = {"format": _FORMAT, "progress": asdict(progress), "recipe": recipe, "states": states}
    torch.save(whole, buffer)
    try:
        with whole_file(path) as part, part.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            # A machine that stops must not leave the name without the bytes.
            os.fsync(file.fileno())
    except OSError as error:
        what = os.strerror(error.errno) if error.errno else str(error)
        if error.errno == errno.ENOSPC:
            what = "the disk is full; free some space and run again to go on from the checkpoint"
        raise OSError(error.errno, f"cannot write the checkpoint: {what}", str(path)) from error


def load_checkpoint(path: Path) -> tuple[Progress, dict[str, Any], dict[str, Any]]:
    """What `save_checkpoint` wrote: progress, recipe, states (on the CPU).

    Raises:
        InputError: The file is none of ours, or damaged, or cannot be opened.
    """
    try:
        whole = torch.load(path, map_location="cpu", weights_only=True)
        if whole["format"] != _FORMAT:
            raise InputError(f"{path}: is of another version of sn7fast; train anew")
        return Progress(**whole["progress"]), whole["recipe"], whole["states"]
    except InputError:
        raise
    except Exception as error:  # of a damaged file torch raises about anything
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: is no checkpoint of a training, or damaged: {reason}") from error


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Settings that decide what comes out and are not the same: ``name: one against other``."""
    left, right = dict(_flat(one)), dict(_flat(other))
    return [
        f"{name}: {left.get(name)!r} against {right.get(name)!r}"
        for name in sorted(left.keys() | right.keys())
        if left.get(name) != right.get(name) and not name.startswith(_FREE)
    ]


def _flat(settings: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
