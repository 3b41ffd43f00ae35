"""Cube: one AOI through time, as pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.errors import InputError, StackError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray
    from numpy.typing import ArrayLike, NDArray

    from sn7fast.grid import Grid


@dataclass(frozen=True, slots=True, eq=False)
class Cube:
    """Building probabilities of one AOI in T months.

    Attributes:
        prob: uint8 (0 to 255) or float32 (T, H, W); may be a memory map, and is never copied.
        valid: bool (T, H, W), False under cloud and outside the image, or None if all is valid.
            It may also be (T, H / scale, W / scale): see :meth:`valid_pixels`.
        months: T labels that sort in time order as text (``2018_01``).
        scale: Pixels of ``prob`` along one pixel of ``grid``, 1 to 4.
        grid: Where the pixels lie on the ground at scale 1, or None.

    Raises:
        InputError: An array has another type or shape.
        StackError: The months repeat, are out of order, or are not as many as the frames.
    """

    prob: NDArray[np.uint8] | NDArray[np.float32]
    months: tuple[str, ...]
    valid: NDArray[np.bool_] | None = None
    scale: int = 1
    grid: Grid | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "months", tuple(self.months))
        prob = self.prob
        if prob.ndim != 3:
            raise InputError(f"prob: got shape {prob.shape}, wanted (months, rows, columns)")
        if prob.dtype not in (np.dtype(np.uint8), np.dtype(np.float32)):
            raise InputError(f"prob: got {prob.dtype}, wanted uint8 or float32")
        if len(self.months) != prob.shape[0]:
            raise StackError(f"months: got {len(self.months)} for {prob.shape[0]} frames")
        for earlier, later in zip(self.months, self.months[1:], strict=False):
            if earlier >= later:
                raise StackError(
                    f"months: got {earlier} before {later}, wanted each month once, in order"
                )
        if isinstance(self.scale, bool) or self.scale not in (1, 2, 3, 4):
            raise InputError(f"scale: got {self.scale}, wanted 1, 2, 3 or 4")
        object.__setattr__(self, "scale", int(self.scale))
        if self.valid is not None:
            fitting = {prob.shape, (prob.shape[0], *self._native_shape)}
            if self.valid.dtype != bool or self.valid.shape not in fitting:
                raise InputError(
                    f"valid: got {self.valid.dtype} of shape {self.valid.shape}, "
                    f"wanted bool of shape {' or '.join(map(str, sorted(fitting, reverse=True)))}"
                )
        if self.grid is not None:
            rows, columns = self.grid.shape_yx
            wanted = (rows * self.scale, columns * self.scale)
            if prob.shape[1:] != wanted:
                raise InputError(
                    f"grid: got {rows} rows x {columns} columns, at scale {self.scale} "
                    f"{wanted[0]} x {wanted[1]}, for frames of {prob.shape[1]} x {prob.shape[2]}"
                )

    @classmethod
    def from_arrays(
        cls,
        prob: ArrayLike,
        *,
        months: Sequence[str],
        valid: ArrayLike | None = None,
        scale: int = 1,
        grid: Grid | None = None,
    ) -> Cube:
        """A cube of arrays, or of anything that numpy makes an array of; see the attributes."""
        return cls(
            np.asanyarray(prob),
            tuple(months),
            None if valid is None else np.asanyarray(valid),
            scale,
            grid,
        )

    @classmethod
    def from_xarray(
        cls, array: xarray.DataArray, *, valid: xarray.DataArray | None = None, scale: int = 1
    ) -> Cube:
        """A cube of a DataArray (time, y, x), as odc-stac and rioxarray make it.

        See `sn7fast.data.dataarray.cube_from_xarray`.
        """
        from sn7fast.data.dataarray import cube_from_xarray

        return cube_from_xarray(array, valid=valid, scale=scale)

    @property
    def _native_shape(self) -> tuple[int, ...]:
        """Rows and columns at scale 1, or those of the frames if they cannot be divided."""
        rows, columns = self.prob.shape[1:]
        if rows % self.scale or columns % self.scale:
            return rows, columns
        return rows // self.scale, columns // self.scale

    def valid_pixels(self) -> NDArray[np.bool_] | None:
        """``valid`` in the shape of ``prob``, each native pixel repeated, or None."""
        if self.valid is None or self.valid.shape == self.prob.shape:
            return self.valid
        return self.valid.repeat(self.scale, axis=1).repeat(self.scale, axis=2)

    def __len__(self) -> int:
        """Number of months."""
        return len(self.months)

    def __repr__(self) -> str:
        months, rows, columns = self.prob.shape
        return f"Cube({months} months of {rows} x {columns} {self.prob.dtype}, scale {self.scale})"
