"""Images and masks on disk, of which rows are read when somebody looks at them."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.data.clouds import valid_month
from sn7fast.data.images import image_reader
from sn7fast.errors import InputError
from sn7fast.io.bands import little_cache
from sn7fast.io.rasters import opened
from sn7fast.report.on_demand import Head, OnDemand
from sn7fast.report.strips import strips_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.data.catalog import MonthFiles
    from sn7fast.data.images import ImageEntry
    from sn7fast.io.rasters import Window
    from sn7fast.report.on_demand import ReadRows
    from sn7fast.report.strips import Strips

_CORNER = ((0, 1), (0, 1))

# Values of an image that are read at a time, with what is made of them on the way.
_WINDOW_VALUES = 2**22


class RasterRows(OnDemand):
    """All bands of a raster, (rows, columns, bands)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def head(self) -> Head:
        """Shape, type, and rows that are best read together."""
        with opened(self._path) as dataset:
            dtype = dataset.read(window=_CORNER).dtype
            return Head((*dataset.shape, dataset.count), dtype, dataset.block_shapes[0][0])

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        with little_cache(), opened(self._path) as dataset:

            def read(first: int, end: int) -> NDArray[Any]:
                window = ((first, end), (0, dataset.width))
                bands: NDArray[Any] = dataset.read(window=window)
                return bands.transpose(1, 2, 0)

            yield read


class ShownRows(OnDemand):
    """A raster; if its values are 0 and 1 bool (rows, columns), since it would be black."""

    def __init__(self, path: Path) -> None:
        self._raster = RasterRows(path)

    @cached_property
    def head(self) -> Head:
        """Shape, type, and rows that are best read together."""
        head = self._raster.head
        if head.shape[2] == 1 and _is_most_1(self._raster):
            return Head(head.shape[:2], np.dtype(bool), head.block_rows)
        return head

    @contextmanager
    def reading(self) -> Iterator[ReadRows]:
        """A context whose target reads the rows from one to another."""
        is_mask = self.ndim == 2
        with self._raster.reading() as read:
            yield (lambda first, end: read(first, end)[..., 0] > 0) if is_mask else read


class ManifestRows(OnDemand):
    """An image of a manifest, (rows, columns, bands), or what is valid of it."""

    def __init__(self, entry: ImageEntry, *, is_mask: bool = False) -> None:
        self._entry, self._is_mask = entry, is_mask

    @cached_property
    def head(self) -> Head:
        """Shape, type, and rows that are best read together."""
        with image_reader(self._entry) as read:
            image, valid, grid = read(_CORNER)
        with opened(self._entry.path) as dataset:
            known = *dataset.block_shapes[0], _WINDOW_VALUES // len(image)
        if self._is_mask:
            return Head(grid.shape_yx, valid.dtype, *known)
        return Head((*grid.shape_yx, len(image)), image.dtype, *known)

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


class CatalogMask(OnDemand):
    """What is valid of a month of SpaceNet 7 that has an image or a UDM raster."""

    def __init__(self, files: MonthFiles) -> None:
        self._files = files

    @cached_property
    def head(self) -> Head:
        """Shape, type, and rows that are best read together."""
        files = self._files
        path = files.best_image or files.udm_mask
        if path is None:
            raise InputError(f"{files.aoi}: month {files.month} has no image and no UDM raster")
        with opened(path) as dataset:
            (high, wide), pixels = dataset.block_shapes[0], _WINDOW_VALUES // dataset.count
            return Head(dataset.shape, np.dtype(bool), high, wide, pixels)

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


def _is_most_1(image: Strips) -> bool:
    found = []
    for strip in strips_of(image):
        found.append(strip.max())
        if found[-1] > 1:
            return False
    return bool(np.max(found) == 1)
