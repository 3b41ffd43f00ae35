"""Smooth random fields: the shapes of towns and clouds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def value_noise(
    rng: np.random.Generator, shape_yx: tuple[int, int], *, cell_px: float, octaves: int = 1
) -> NDArray[np.float32]:
    """Random numbers on a lattice, interpolated, at one scale or several.

    Plain sums and products, no matrix products, whose rounding depends on the machine.

    Args:
        rng: Source of the lattice values.
        shape_yx: Rows and columns.
        cell_px: Distance of the lattice points.
        octaves: How many fields are added, each of half the distance and half the height.

    Returns:
        float32 (rows, columns), of mean 0.
    """
    field = np.zeros(shape_yx, np.float32)
    for octave in range(octaves):
        step = cell_px / 2**octave
        rows, columns = (int(length / step) + 2 for length in shape_yx)
        lattice = rng.uniform(-1, 1, (rows, columns)).astype(np.float32)
        y, weight_y = _places(shape_yx[0], step)
        x, weight_x = _places(shape_yx[1], step)
        across = lattice[:, x] + (lattice[:, x + 1] - lattice[:, x]) * weight_x
        field += (across[y] + (across[y + 1] - across[y]) * weight_y[:, None]) / 2**octave
    return field


def _places(length: int, step: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """For each pixel the lattice point before it, and the smoothed weight of the next one."""
    position = np.arange(length) / step
    before = position.astype(np.intp)
    part = position - before
    return before, (part * part * (3 - 2 * part)).astype(np.float32)
