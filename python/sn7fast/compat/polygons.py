"""Masks to polygons, as ``solaris.vector.mask.mask_to_poly_geojson``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._arguments import real_number
from sn7fast._optional import require
from sn7fast.compat.rasters import read_image
from sn7fast.compat.vectors import write_vector
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.outputs import whole_file
from sn7fast.io.rasters import read_grid
from sn7fast.polygonize import polygonize
from sn7fast.simplify import simplify as simplify_footprints

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.grid import Grid


# The value of foreground in the mask that the original makes on the way.
_FOREGROUND = 255.0


def mask_to_poly_geojson(
    pred_arr: NDArray[Any] | str | os.PathLike[str],
    channel_scaling: Sequence[float] | None = None,
    reference_im: str | os.PathLike[str] | None = None,
    output_path: str | os.PathLike[str] | None = None,
    output_type: str = "geojson",
    min_area: float = 40,
    bg_threshold: float = 0,
    do_transform: bool | None = None,
    simplify: bool = False,
    tolerance: float = 0.5,
    *,
    channel_axis: int | None = None,
    second_threshold: bool = True,
) -> Any:  # noqa: ANN401 - GeoDataFrame
    """Turn a mask or a prediction into polygons, one for each 4-connected region.

    Quirks, numbered as in DESIGN.md:

    * 1: the original compares the 0/255 mask that it made with ``bg_threshold`` once more. So a
      threshold of 255 or more gives nothing, and a negative one gives the background regions too,
      with value 0. Kept, since results depend on it; ``second_threshold=False`` does without, as
      does `sn7fast.polygonize`. Background regions come after the foreground ones that end in the
      same row, which is not always GDAL's order.
    * 2: with three dimensions the first axis holds the channels if it is shorter than the last
      one, else the last does. Kept; ``channel_axis`` says it outright.
    * 3: the original fails to write an empty result. Here an empty collection is written.

    ``value`` is that of the mask, 255 (0 for background): no confidence.

    Args:
        pred_arr: (rows, columns) of any real type, or three-dimensional; or the path of a GeoTIFF
            or PNG. NaN is background.
        channel_scaling: Weight of each channel, 1 by default; channels are then added up in
            float64. Without effect on two dimensions.
        reference_im: GeoTIFF whose georeference and CRS the polygons get with ``do_transform``.
        output_path: File to write, whole or not at all.
        output_type: ``geojson`` or ``csv`` (columns geometry, as WKT, and value).
        min_area: Polygons of less area are dropped, before simplifying: squared pixels, or squared
            units of the CRS with ``do_transform``.
        bg_threshold: Foreground is greater than this.
        do_transform: Give polygons in coordinates of the CRS, not in pixels. Not by default.
        simplify: Simplify outlines (Douglas-Peucker, keeping the topology).
        tolerance: For ``simplify``, in units of the output.
        channel_axis: Which axis of a three-dimensional array holds the channels.
        second_threshold: Whether to have quirk 1.

    Returns:
        GeoDataFrame with the columns geometry and value, in GDAL's order.

    Raises:
        InputError: An argument does not fit; the message names it.
        RasterError: A raster cannot be read.
        MissingDependencyError: geopandas is not installed.
    """
    geopandas = require("geopandas", extra="vector")
    kind = output_type.lower()
    if kind not in ("geojson", "csv"):
        raise InputError(f"output_type: got {output_type!r}, wanted 'geojson' or 'csv'")
    for name, value in (("bg_threshold", bg_threshold), ("min_area", min_area)):
        if math.isnan(real_number(name, value)):
            raise InputError(f"{name}: got NaN, wanted a number")
    if do_transform and reference_im is None:
        raise InputError("reference_im: got None, wanted a GeoTIFF, as do_transform is set")
    image = read_image(pred_arr) if isinstance(pred_arr, (str, Path)) else np.asarray(pred_arr)
    grid = read_grid(reference_im) if do_transform and reference_im is not None else None
    with np.errstate(invalid="ignore"):
        foreground = _add_channels(image, channel_scaling, channel_axis) > bg_threshold
    footprints, values = _regions(foreground, bg_threshold if second_threshold else 0)
    if grid is not None:
        footprints = _in_crs(footprints, grid)
    keep = np.flatnonzero(footprints.areas >= min_area)
    footprints, values = _buffered(footprints[keep]), values[keep]
    if simplify:
        footprints = simplify_footprints(footprints, tolerance)
    table = geopandas.GeoDataFrame(
        {"geometry": footprints.to_shapely(), "value": values},
        geometry="geometry",
        crs=None if grid is None else grid.crs,
    )
    if output_path is not None:
        if kind == "geojson":
            write_vector(output_path, table)
        else:
            with whole_file(output_path) as temporary:
                table.to_csv(temporary, index=False)
    return table


def _add_channels(
    image: NDArray[Any], weights: Sequence[float] | None, axis: int | None
) -> NDArray[Any]:
    if image.dtype.kind not in "buif":
        raise InputError(f"pred_arr: got {image.dtype}, wanted real numbers")
    if image.ndim == 2:
        return image
    if image.ndim != 3:
        raise InputError(f"pred_arr: got {image.ndim} dimensions, wanted 2 or 3")
    if axis is None:
        axis = 0 if image.shape[0] < image.shape[-1] else 2
    if axis not in (-3, -2, -1, 0, 1, 2):
        raise InputError(f"channel_axis: got {axis}, wanted 0, 1 or 2")
    image = np.moveaxis(image, axis, -1)
    if weights is None:
        weights = [1.0] * image.shape[-1]
    scaling = np.array([real_number("channel_scaling", weight) for weight in weights])
    if scaling.shape != image.shape[-1:]:
        raise InputError(
            f"channel_scaling: got {scaling.size} weights, wanted {image.shape[-1]}, one a channel"
        )
    weighted: NDArray[Any] = (image * scaling).sum(axis=-1)
    return weighted


def _regions(
    foreground: NDArray[np.bool_], second_threshold: float
) -> tuple[Footprints, NDArray[np.float64]]:
    """Regions of the 0/255 mask where it is above the second threshold, with their values."""
    if second_threshold >= _FOREGROUND:
        return Footprints.empty(), np.empty(0)
    regions = polygonize(foreground)
    values = np.full(len(regions), _FOREGROUND)
    if second_threshold >= 0:
        return regions, values
    background = polygonize(~foreground)
    both = Footprints.concatenate([regions, background])
    values = np.concatenate([values, np.zeros(len(background))])
    order = np.argsort(both.bounds[:, 3], kind="stable")
    return both[order], values[order]


def _buffered(footprints: Footprints) -> Footprints:
    """The footprints after the zero-width buffer with which the original repairs polygons.

    They are valid, so it changes no region, but where holes touch it reorders them and may move
    the start of a ring, on which simplifying depends. Without holes it changes nothing.
    """
    shapely = require("shapely", extra="vector")
    rings = np.diff(footprints.polygon_offsets)
    if not (rings > 1).any():
        return footprints
    polygons = footprints.to_shapely()
    polygons[rings > 1] = shapely.buffer(polygons[rings > 1], 0)
    return Footprints.from_shapely(polygons)


def _in_crs(footprints: Footprints, grid: Grid) -> Footprints:
    """Footprints in coordinates of the CRS, their outer rings clockwise as in pixels.

    Simplifying depends on the direction of a ring, and a CRS whose y points up turns it round.
    """
    moved = grid.px_to_crs(footprints)
    a, b, _, d, e, _ = grid.transform
    if a * e - b * d > 0:
        return moved
    coords, rings, polygons, multi = moved.arrays
    length = np.diff(rings)
    mirror = np.repeat(rings[:-1] + rings[1:] - 1, length)
    return Footprints(coords[mirror - np.arange(len(coords))], rings, polygons, multi)
