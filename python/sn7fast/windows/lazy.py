"""Cubes whose pixels are read when somebody looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


class LazyFrames:
    """An array (T, rows, columns) of which rows of one month at a time are read.

    It has a shape and a type, and its frames give arrays for slices of rows; nothing else.

    Args:
        shape: Months, rows and columns.
        dtype: Of the pixels.
        read: Gives the pixels of a month, by its position, from a row to another.
        block_rows: Rows that are best read together.
    """

    ndim = 3

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: Any,  # noqa: ANN401 - as numpy takes it
        read: Callable[[int, int, int], NDArray[Any]],
        block_rows: int = 1,
    ) -> None:
        self.shape, self.dtype, self._read = shape, np.dtype(dtype), read
        self.block_rows = block_rows

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, month: int) -> _LazyFrame:
        place = range(len(self))[month]
        return _LazyFrame(self.shape[1:], self.dtype, place, self._read, self.block_rows)


@dataclass(frozen=True)
class _LazyFrame:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    month: int
    read: Callable[[int, int, int], NDArray[Any]]
    block_rows: int
    ndim: int = 2

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        first, end, _ = rows.indices(self.shape[0])
        return self.read(self.month, first, end)
