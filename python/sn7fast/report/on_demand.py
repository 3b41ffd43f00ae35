"""What has the form of an array and reads its rows when somebody looks at them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import TypeAlias

    from numpy.typing import NDArray

    ReadRows: TypeAlias = Callable[[int, int], NDArray[Any]]


class Head(NamedTuple):
    """What is known without the pixels."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    block_rows: int = 1
    # Of what is read in windows: columns of a block, and pixels of a window.
    block_columns: int = 1
    window_px: int = 1


class OnDemand(ABC):
    """An image or a mask in rows; see `sn7fast.report.strips.Strips`."""

    @property
    @abstractmethod
    def head(self) -> Head:
        """Shape, type, and rows that are best read together."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[ReadRows]:
        """A context whose target reads the rows from one to another."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns, and bands of an image."""
        return self.head.shape

    @property
    def ndim(self) -> int:
        """2 or 3."""
        return len(self.head.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""
        return self.head.dtype

    @property
    def block_rows(self) -> int:
        """Rows that are best read together."""
        return self.head.block_rows

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        first, end, step = rows.indices(self.shape[0])
        with self.reading() as read:
            return read(first, end)[::step]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: ANN401 - numpy's own
        return np.asarray(self[:], dtype)
