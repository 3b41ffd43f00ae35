"""Images and masks of which rows are read when somebody looks at them."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sn7fast.data.clouds import valid_month
from sn7fast.data.images import image_reader
from sn7fast.errors import InputError
from sn7fast.io.bands import little_cache
from sn7fast.io.rasters import opened
from sn7fast.report.strips import strips_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import TypeAlias

    from numpy.typing import NDArray

    from sn7fast.data.catalog import MonthFiles
    from sn7fast.data.images import ImageEntry
    from sn7fast.io.rasters import Window
    from sn7fast.report.strips import Strips

    ReadRows: TypeAlias = Callable[[int, int], NDArray[Any]]

_CORNER = ((0, 1), (0, 1))

# Values of an image that are read at a time, with what is made of them on the way.
_WINDOW_VALUES = 2**22


class _Head(NamedTuple):
    """What is known without the pixels."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    block_rows: int = 1
    # Of what is read in windows: columns of a block, and pixels of a window.
    block_columns: int = 1
    window_px: int = 1


class _Rows:
    """What has the form of an array and reads its rows; see `sn7fast.report.strips.Strips`."""

    @cached_property
    def head(self) -> _Head:
        """Shape, type, and rows that are best read together."""
        raise NotImplementedError

    def reading(self) -> AbstractContextManager[ReadRows]:
        """A context whose target reads the rows from one to another."""
        raise NotImplementedError

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


class RasterRows(_Rows):
    """All bands of a raster, (rows, columns, bands)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def head(self) -> _Head:
        """Shape, type, and rows that are best read together."""
        with opened(self._path) as dataset:
            dtype = dataset.read(window=_CORNER).dtype
            return _Head((*dataset.shape, dataset.count), dtype, dataset.block_shapes[0][0])

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        with little_cache(), opened(self._path) as dataset:

            def read(first: int, end: int) -> NDArray[Any]:
                window = ((first, end), (0, dataset.width))
                bands: NDArray[Any] = dataset.read(window=window)
                return bands.transpose(1, 2, 0)

            yield read


class ShownRows(_Rows):
    """A raster; if its values are 0 and 1 bool (rows, columns), since it would be black."""

    def __init__(self, path: Path) -> None:
        self._raster = RasterRows(path)

    @cached_property
    def head(self) -> _Head:
        """Shape, type, and rows that are best read together."""
        head = self._raster.head
        if head.shape[2] == 1 and _is_most_1(self._raster):
            return _Head(head.shape[:2], np.dtype(bool), head.block_rows)
        return head

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        is_mask = self.ndim == 2
        with self._raster.reading() as read:
            yield (lambda first, end: read(first, end)[..., 0] > 0) if is_mask else read


class ManifestRows(_Rows):
    """An image of a manifest, (rows, columns, bands), or what is valid of it."""

    def __init__(self, entry: ImageEntry, *, is_mask: bool = False) -> None:
        self._entry, self._is_mask = entry, is_mask

    @cached_property
    def head(self) -> _Head:
        """Shape, type, and rows that are best read together."""
        with image_reader(self._entry) as read:
            image, valid, grid = read(_CORNER)
        with opened(self._entry.path) as dataset:
            known = *dataset.block_shapes[0], _WINDOW_VALUES // len(image)
        if self._is_mask:
            return _Head(grid.shape_yx, valid.dtype, *known)
        return _Head((*grid.shape_yx, len(image)), image.dtype, *known)

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        (_, columns, *bands), dtype, *blocks, pixels = self.head
        with little_cache(), image_reader(self._entry) as read:

            def rows(first: int, end: int) -> NDArray[Any]:
                found = np.empty((*bands, end - first, columns), dtype)
                for window, place in _windows((first, end), columns, blocks, pixels):
                    image, valid, _ = read(window)
                    found[place] = valid if self._is_mask else image
                return found if self._is_mask else found.transpose(1, 2, 0)

            yield rows


class CatalogMask(_Rows):
    """What is valid of a month of SpaceNet 7 that has an image or a UDM raster."""

    def __init__(self, files: MonthFiles) -> None:
        self._files = files

    @cached_property
    def head(self) -> _Head:
        """Shape, type, and rows that are best read together."""
        files = self._files
        path = files.best_image or files.udm_mask
        if path is None:
            raise InputError(f"{files.aoi}: month {files.month} has no image and no UDM raster")
        with opened(path) as dataset:
            (high, wide), pixels = dataset.block_shapes[0], _WINDOW_VALUES // dataset.count
            return _Head(dataset.shape, np.dtype(bool), high, wide, pixels)

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        (_, columns), _, *blocks, pixels = self.head

        def rows(first: int, end: int) -> NDArray[Any]:
            found = np.empty((end - first, columns), bool)
            for window, place in _windows((first, end), columns, blocks, pixels):
                found[place] = valid_month(self._files, window)
            return found

        with little_cache():
            yield rows


class CubeRows(_Rows):
    """Probabilities of a month as uint8 (rows, columns), at the resolution of the grid.

    Args:
        frame: Of a cube.
        scale: Of the cube.
    """

    def __init__(self, frame: Strips, scale: int) -> None:
        self._frame, self._scale = frame, scale

    @cached_property
    def head(self) -> _Head:
        """Shape, type, and rows that are best read together."""
        rows, columns = (side // self._scale for side in self._frame.shape)
        return _Head((rows, columns), np.dtype(np.uint8), _native_blocks(self._frame, self._scale))

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


class EveryOther(_Rows):
    """Every so manieth row and column of a mask of a cube."""

    def __init__(self, mask: Strips, step: int) -> None:
        self._mask, self._step = mask, step

    @cached_property
    def head(self) -> _Head:
        """Shape, type, and rows that are best read together."""
        rows, columns = (-(-side // self._step) for side in self._mask.shape)
        return _Head((rows, columns), self._mask.dtype, _native_blocks(self._mask, self._step))

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        step = self._step

        def read(first: int, end: int) -> NDArray[Any]:
            rows: NDArray[Any] = np.asarray(self._mask[first * step : end * step])
            return rows[::step, ::step]

        yield read


def _windows(
    rows: tuple[int, int], columns: int, blocks: Sequence[int], pixels: int
) -> Iterator[tuple[Window, Any]]:
    """Windows that cover rows, and their places in an array of these rows.

    Each has whole blocks, and so many pixels at most unless a block has more.
    """
    (first, end), (high, wide) = rows, blocks
    width = min(columns, max(1, pixels // (high * wide)) * wide)
    height = max(1, pixels // (high * width)) * high
    for top in range(first, end, height):
        for left in range(0, columns, width):
            bottom, right = min(top + height, end), min(left + width, columns)
            place = np.s_[..., top - first : bottom - first, left:right]
            yield ((top, bottom), (left, right)), place


def _native_blocks(frame: Strips, scale: int) -> int:
    """Rows of blocks of a frame, in pixels of the image."""
    rows: int = getattr(frame, "block_rows", 1)
    return max(1, rows // scale)


def _is_most_1(image: Strips) -> bool:
    found = []
    for strip in strips_of(image):
        found.append(strip.max())
        if found[-1] > 1:
            return False
    return bool(np.max(found) == 1)
