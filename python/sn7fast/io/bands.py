"""Rasters larger than memory: rows of a GeoTIFF or PNG, band by band."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.grid import Grid
from sn7fast.io.rasters import chosen_band, native_pixels, opened

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

# GDAL keeps decoded blocks, by default up to a twentieth of the machine's memory. Here every block
# is read once.
CACHE_BYTES = 32 * 2**20


@contextmanager
def little_cache() -> Iterator[None]:
    """Rasters read in the block leave little behind in memory.

    Raises:
        MissingDependencyError: rasterio is not installed.
    """
    with require("rasterio").Env(GDAL_CACHEMAX=CACHE_BYTES):
        yield


class RasterBands:
    """A mask or a probability raster whose rows come in bands, from top to bottom.

    Iterating gives arrays (rows, columns) as `sn7fast.io.rasters.read_mask` does; it can be done
    again.

    Args:
        path: A GeoTIFF (BigTIFF too) or PNG file.
        memory_mb: Megabytes for a band and what is made of it; the height of a band follows.
        bytes_per_px: What a pixel of a band takes, its own bytes included.
        band: Which band of the file, from 1; None means the only one.

    Attributes:
        grid: Of the whole raster.
        ranges: (first row, row after the last) of each band.

    Raises:
        RasterError: The file cannot be read; see `read_mask`.
        InputError: The memory is too little for one row of blocks.
        MissingDependencyError: rasterio is not installed.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        memory_mb: float,
        bytes_per_px: int,
        band: int | None = None,
    ) -> None:
        self.path = Path(path)
        with little_cache(), opened(path) as dataset:
            self.grid = Grid.from_rasterio(dataset)
            self._band = chosen_band(self.path, dataset.count, band)
            block_rows = int(dataset.block_shapes[self._band - 1][0])
        self.ranges = band_ranges(
            self.grid.shape_yx,
            memory_mb=memory_mb,
            bytes_per_px=bytes_per_px,
            block_rows=block_rows,
            source=str(path),
        )

    def __iter__(self) -> Iterator[NDArray[Any]]:
        with little_cache(), opened(self.path) as dataset:
            for first, end in self.ranges:
                window = ((first, end), (0, self.grid.shape_yx[1]))
                yield native_pixels(self.path, dataset.read(self._band, window=window))


def band_ranges(
    shape_yx: tuple[int, int],
    *,
    memory_mb: float,
    bytes_per_px: int,
    block_rows: int = 1,
    source: str = "raster",
) -> list[tuple[int, int]]:
    """Rows cut into bands that fit into memory.

    Args:
        shape_yx: Rows and columns of the whole.
        memory_mb: Megabytes for one band.
        bytes_per_px: What a pixel takes.
        block_rows: Bands end between blocks of so many rows, so that none is decoded twice.
        source: What errors call it.

    Returns:
        (first row, row after the last) of each band, from top to bottom.

    Raises:
        InputError: One row of blocks needs more memory.
    """
    rows, columns = shape_yx
    block_rows = min(block_rows, max(rows, 1))
    row_bytes = max(columns, 1) * bytes_per_px
    blocks = int(memory_mb * 1e6 // (row_bytes * block_rows))
    if blocks < 1:
        raise InputError(
            f"memory: got {memory_mb:g} MB, wanted at least "
            f"{-(-row_bytes * block_rows // 1_000_000)} MB for {block_rows} rows x {columns} "
            f"columns, the least that can be read of {source} at once"
        )
    step = blocks * block_rows
    return [(first, min(first + step, rows)) for first in range(0, rows, step)]
