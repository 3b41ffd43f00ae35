"""Probabilities of a cube and what is valid of them, as the grid of the cube has its pixels."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.report.on_demand import Head, OnDemand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sn7fast.report.on_demand import ReadRows
    from sn7fast.report.strips import Strips


class CubeRows(OnDemand):
    """Probabilities of a month as uint8 (rows, columns), at the resolution of the grid.

    Args:
        frame: Of a cube.
        scale: Of the cube.
    """

    def __init__(self, frame: Strips, scale: int) -> None:
        self._frame, self._scale = frame, scale

    @cached_property
    def head(self) -> Head:
        """Shape, type, and rows that are best read together."""
        rows, columns = (side // self._scale for side in self._frame.shape)
        return Head((rows, columns), np.dtype(np.uint8), _native_blocks(self._frame, self._scale))

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        scale, columns = self._scale, self.shape[1]

        def read(first: int, end: int) -> NDArray[Any]:
            frame: NDArray[Any] = np.asarray(self._frame[first * scale : end * scale])
            if frame.dtype != np.uint8:
                frame = (np.clip(np.nan_to_num(frame), 0, 1) * 255).astype(np.uint8)
            if scale == 1:
                return frame
            frame = frame[:, : columns * scale]
            squares = frame.reshape(end - first, scale, columns, scale)
            reduced: NDArray[np.uint8] = squares.mean(axis=(1, 3), dtype=np.float32).astype(
                np.uint8
            )
            return reduced

        yield read


class EveryOther(OnDemand):
    """Of each square of a mask of a cube the first pixel."""

    def __init__(self, mask: Strips, step: int) -> None:
        self._mask, self._step = mask, step

    @cached_property
    def head(self) -> Head:
        """Shape, type, and rows that are best read together."""
        rows, columns = (-(-side // self._step) for side in self._mask.shape)
        return Head((rows, columns), self._mask.dtype, _native_blocks(self._mask, self._step))

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        step = self._step

        def read(first: int, end: int) -> NDArray[Any]:
            rows: NDArray[Any] = np.asarray(self._mask[first * step : end * step])
            return rows[::step, ::step]

        yield read


def _native_blocks(frame: Strips, scale: int) -> int:
    """Rows of blocks of a frame, in pixels of the image."""
    rows: int = getattr(frame, "block_rows", 1)
    return max(1, rows // scale)
