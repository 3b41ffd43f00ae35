"""A raster larger than memory to a file of footprints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.bands import RasterBands
from sn7fast.io.geojson import write_geojson_parts
from sn7fast.io.parquet import write_parquet_parts
from sn7fast.io.rasters import pixel_size
from sn7fast.io.vector import format_of
from sn7fast.large import BATCH
from sn7fast.polygonize import polygonize_bands
from sn7fast.simplify import simplify
from sn7fast.stack import Stack

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

BYTES_PER_PX = 24
"""Of a pixel, beside its own: what becomes of it where a town is dense."""


def polygonize_mb(path: str | os.PathLike[str], *, months: int = 1) -> tuple[float, float]:
    """Megabytes of so many rasters like this one, and with them what becomes of them at once.

    Raises:
        RasterError: The file cannot be opened; names it.
        MissingDependencyError: rasterio is not installed.
    """
    rows, columns, own = pixel_size(path)
    pixels = months * rows * columns
    return pixels * own / 1e6, pixels * (own + BYTES_PER_PX) / 1e6


def polygonize_raster(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    threshold: float = 0,
    min_area_px: float = 0,
    connectivity: int = 4,
    simplify_px: float = 0,
    memory_mb: float = 1000,
    aoi: str = "",
    month: str = "",
) -> int:
    """Polygonize a raster of any size into a file, with a band of it in memory.

    Args:
        path: GeoTIFF or PNG of one band. Nodata values count as they are stored.
        out: GeoJSON, in pixels, or GeoParquet, on the map if the raster has a CRS. It is replaced
            only once everything is written. The footprints are those of `sn7fast.polygonize`, in
            the same order.
        threshold: As in `sn7fast.polygonize`.
        min_area_px: As in `sn7fast.polygonize`.
        connectivity: As in `sn7fast.polygonize`. With 8 GeoParquet has multipolygons only.
        simplify_px: See `sn7fast.simplify`; 0 leaves the footprints.
        memory_mb: Megabytes for a band and what is made of it.
        aoi: Name of the area, for GeoParquet.
        month: Its label, for GeoParquet.

    Returns:
        Number of footprints.

    Raises:
        RasterError: The file cannot be read.
        InputError: Another format, or the memory is too little for a band.
        MissingDependencyError: rasterio or, for GeoParquet, pyarrow is not installed.
        OSError: The output cannot be written.
    """
    chosen = format_of(out)
    if chosen not in ("GeoJSON", "GeoParquet"):
        raise InputError(f"{out}: got {chosen}, wanted GeoJSON or GeoParquet")
    own = pixel_size(path)[2]
    bands = RasterBands(path, memory_mb=memory_mb, bytes_per_px=own + BYTES_PER_PX)

    def parts() -> Iterator[Footprints]:
        found = polygonize_bands(
            bands, threshold=threshold, min_area_px=min_area_px, connectivity=connectivity
        )
        for footprints in found:
            for first in range(0, len(footprints), BATCH):
                whole = len(footprints) <= BATCH
                part = footprints if whole else footprints[first : first + BATCH]
                yield simplify(part, simplify_px) if simplify_px else part

    if chosen == "GeoJSON":
        return write_geojson_parts(out, ((part, {}) for part in parts()))
    count, label = 0, month or Path(path).stem

    def stacks() -> Iterator[tuple[Stack, dict[str, Any]]]:
        nonlocal count
        empty = True
        for part in parts():
            empty = False
            count += len(part)
            yield Stack(aoi, (label,), part, np.array([0, len(part)]), grid=bands.grid), {}
        if empty:
            none = [Footprints.empty()]
            yield Stack.from_frames(none, months=[label], aoi=aoi, grid=bands.grid), {}

    write_parquet_parts(out, stacks(), months=[label], several=connectivity == 8)
    return count
