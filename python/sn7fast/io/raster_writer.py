"""Rasters written block by block, whole or not at all."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast._optional import require
from sn7fast.errors import RasterError
from sn7fast.grid import Grid
from sn7fast.io.outputs import whole_file
from sn7fast.io.rasters import GDAL_OPTIONS, read_through, unreferenced_too

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

BLOCK = 256
"""Rows and columns of the blocks of a file; of a smaller raster, one strip."""

_CACHE_BYTES = 32 * 2**20


class RasterWriter:
    """A GeoTIFF of several bands, compressed with DEFLATE, in blocks.

    Write whole blocks, so that none is compressed twice. To be used by one thread at a time.

    Args:
        path: File to write; one that is there is replaced when `finish` is called.
        grid: Shape, and where the pixels lie.
        dtype: Of the pixels.
        names: What each band holds, kept as its description.
        nodata: The number that stands for no data.
        tags: Texts to keep in the file, by name.
        cloud_optimised: Make a COG of it at the end, with overviews.

    Raises:
        RasterError: The file cannot be written (disk full, no permission); names it.
        MissingDependencyError: rasterio is not installed.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        grid: Grid,
        dtype: str,
        names: Sequence[str],
        *,
        nodata: float,
        tags: Mapping[str, str],
        cloud_optimised: bool = False,
    ) -> None:
        self.path = Path(path)
        self._cog = cloud_optimised
        rasterio = require("rasterio")
        rows, columns = grid.shape_yx
        profile: dict[str, Any] = {
            "driver": "GTiff",
            "height": rows,
            "width": columns,
            "count": len(names),
            "dtype": dtype,
            "nodata": nodata,
            "compress": "deflate",
            # Level 1 writes three times as fast as the usual 6, for a few percent of size.
            "zlevel": 1,
            "predictor": 3 if dtype == "float32" else 2,
            "interleave": "band",
            "bigtiff": "if_safer",
        }
        if min(rows, columns) >= BLOCK:
            profile |= {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK}
        if grid.crs is not None or grid != Grid(grid.shape_yx):
            profile |= {"crs": grid.crs, "transform": rasterio.Affine(*grid.transform)}
        self._stack = ExitStack()
        with self._told():
            self._part = self._stack.enter_context(whole_file(self.path))
            with rasterio.Env(**GDAL_OPTIONS), unreferenced_too():
                self._dataset = rasterio.open(self._part, "w", **profile)
                self._stack.callback(self._dataset.close)
                self._dataset.update_tags(**tags)
                for band, name in enumerate(names, 1):
                    self._dataset.set_band_description(band, name)

    def write(self, row: int, column: int, values: NDArray[np.generic]) -> None:
        """Write (bands, rows, columns) with its first pixel at this row and column."""
        rasterio = require("rasterio")
        rows, columns = values.shape[1:]
        with self._told(), rasterio.Env(**GDAL_OPTIONS, GDAL_CACHEMAX=_CACHE_BYTES):
            self._dataset.write(values, window=((row, row + rows), (column, column + columns)))

    def finish(self) -> None:
        """The file takes its place, if it can be read to its end."""
        rasterio = require("rasterio")
        with self._told():
            with rasterio.Env(**GDAL_OPTIONS), unreferenced_too():
                self._dataset.close()
                if self._cog:
                    self._to_cog()
            # GDAL keeps blocks back until the file is closed, and does not tell if that fails.
            read_through(self._part)
            self._stack.close()

    def abandon(self) -> None:
        """What was written is removed, and what was there before stays."""
        failure = _AbandonError()
        # Closing an unfinished file may fail for the same reason once more.
        with suppress(Exception):
            self._stack.__exit__(type(failure), failure, None)

    def _to_cog(self) -> None:
        copy = require("rasterio.shutil").copy
        cog = self._part.with_name(f"{self._part.name}.cog.tif")
        try:
            copy(self._part, cog, driver="COG", compress="deflate", level=1, bigtiff="if_safer",
                 blocksize=512, resampling="average", predictor="yes")  # fmt: skip
            cog.replace(self._part)
        finally:
            cog.unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """An error abandons the file, and names it."""
        try:
            yield
        except Exception as error:
            self.abandon()
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of a folder that is not there and the like
            reason = error.__cause__ or error
            raise RasterError(
                f"{self.path}: cannot be written, the disk may be full: {reason}"
            ) from error


class _AbandonError(Exception):
    """Tells the temporary file that it is not wanted."""
