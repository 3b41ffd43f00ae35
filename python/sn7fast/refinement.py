"""Temporal refinement: probabilities of single months drawn towards those of all months."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast._arguments import real_number
from sn7fast.cube import Cube
from sn7fast.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def refine(
    cube: Cube,
    *,
    weight: float = 0.25,
    out: NDArray[np.uint8] | NDArray[np.float32] | None = None,
) -> Cube:
    """Mix each month with the mean of all: less noise, and changes still show.

    Part of the fourth place of SpaceNet 7 (motokimura), who mixes one part of the mean into the
    bodies of buildings (``weight`` 0.25) and takes boundaries and contacts from the mean alone
    (1.0). A pixel's mean is over the months in which it is visible.

    Args:
        cube: Probabilities. NaN is hidden.
        weight: Share of the mean, from 0 to 1.
        out: Where to write, of the shape and type of ``cube.prob`` (a memory map, or
            ``cube.prob`` itself); None makes an array.

    Returns:
        Cube with the same months, mask, scale and grid; 0 where a pixel is hidden. Beside ``out``,
        a few arrays of the size of one month are in memory.

    Raises:
        InputError: The weight is out of range, ``out`` does not fit, or there are no months.
    """
    weight = real_number("weight", weight)
    if not 0 <= weight <= 1:
        raise InputError(f"weight: got {weight}, wanted a number from 0 to 1")
    prob = cube.prob
    if not len(prob):
        raise InputError("cube: got no frames, wanted at least one month")
    if out is None:
        out = np.empty(prob.shape, prob.dtype)
    elif out.shape != prob.shape or out.dtype != prob.dtype:
        raise InputError(
            f"out: got {out.dtype} of shape {out.shape}, wanted {prob.dtype} of {prob.shape}"
        )
    total = np.zeros(prob.shape[1:], np.float32)
    months = np.zeros(prob.shape[1:], np.float32)
    for index in range(len(prob)):
        seen = _seen(cube, index)
        np.add(total, prob[index], out=total, where=seen)
        months += seen
    mean = total / np.maximum(months, 1)
    for index in range(len(prob)):
        seen = _seen(cube, index)
        mixed = mean * np.float32(weight)
        np.add(mixed, prob[index] * np.float32(1 - weight), out=mixed, where=seen)
        if out.dtype == np.uint8:
            np.rint(mixed, out=mixed)
        out[index] = np.where(seen, mixed, np.float32(0))
    return Cube(out, cube.months, cube.valid, cube.scale, cube.grid)


def _seen(cube: Cube, index: int) -> NDArray[np.bool_]:
    """Where a month is visible."""
    frame = cube.prob[index]
    seen = np.ones(frame.shape, bool)
    if cube.valid is not None:
        seen = np.asarray(cube.valid[index])
        if seen.shape != frame.shape:
            seen = seen.repeat(cube.scale, axis=0).repeat(cube.scale, axis=1)
    return seen & ~np.isnan(frame) if frame.dtype.kind == "f" else seen
