"""Images and masks of any size, a few rows at a time."""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

# What is read at a time, unless a row of blocks takes more.
_STRIP_BYTES = 16 * 2**20


class Strips(Protocol):
    """An array (rows, columns) or (rows, columns, bands), or what is sliced like one.

    It may have ``block_rows``, the rows that are best read together, and ``reading()``, a context
    whose target gives the rows from one to another; these are then asked for from top to bottom.
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns, and bands if it has three dimensions."""

    @property
    def ndim(self) -> int:
        """2 or 3."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels."""

    def __getitem__(self, rows: slice, /) -> Any: ...  # noqa: ANN401 - what numpy makes an array of


def as_strips(image: Any) -> Strips:  # noqa: ANN401 - whatever numpy takes
    """The image if rows of it can be taken, else the array that numpy makes of it."""
    is_sliced = all(hasattr(image, name) for name in ("shape", "ndim", "__getitem__"))
    if is_sliced and isinstance(getattr(image, "dtype", None), np.dtype):
        strips: Strips = image
        return strips
    return np.asarray(image)


def strips_of(image: Strips, multiple: int = 1) -> Iterator[NDArray[Any]]:
    """All rows from the first to the last, in strips.

    Args:
        image: With pixels.
        multiple: The strips' heights are multiples of it, but for the last.
    """
    rows, (height, _) = image.shape[0], _size(image, multiple)

    def strips() -> Iterator[NDArray[Any]]:
        with _reading(image) as read:
            for first in range(0, rows, height):
                yield np.asarray(read(first, min(first + height, rows)))

    return strips() if height % multiple == 0 else _regrouped(strips(), multiple)


def strip_bytes(image: Strips, multiple: int = 1) -> int:
    """What reading a strip takes; arguments as `strips_of`."""
    height, row_bytes = _size(image, multiple)
    return min(height, image.shape[0]) * row_bytes


def _size(image: Strips, multiple: int) -> tuple[int, int]:
    """Rows of a strip as it is read, and what reading one takes."""
    row_bytes = max(1, math.prod(image.shape[1:]) * image.dtype.itemsize)
    block_rows = getattr(image, "block_rows", 1)
    unit = multiple if block_rows == 1 else block_rows
    return max(1, _STRIP_BYTES // (unit * row_bytes)) * unit, row_bytes


def _reading(image: Strips) -> AbstractContextManager[Callable[[int, int], Any]]:
    reading: Callable[[], AbstractContextManager[Callable[[int, int], Any]]] | None = getattr(
        image, "reading", None
    )
    return nullcontext(lambda first, end: image[first:end]) if reading is None else reading()


def _regrouped(strips: Iterable[NDArray[Any]], multiple: int) -> Iterator[NDArray[Any]]:
    """The same rows in strips whose heights are multiples, but for the last."""
    rest: NDArray[Any] | None = None
    for strip in strips:
        start = 0
        if rest is not None:
            start = multiple - len(rest)
            rest = np.concatenate([rest, strip[:start]])
            if len(rest) < multiple:
                continue
            yield rest
        end = start + (len(strip) - start) // multiple * multiple
        if end > start:
            yield strip[start:end]
        # A copy, so that the strip need not stay while the next is read.
        rest = strip[end:].copy() if end < len(strip) else None
        del strip
    if rest is not None:
        yield rest
