"""Building labels in pixels: of whatever coordinates their file has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import FormatError, InputError
from sn7fast.footprints import Footprints
from sn7fast.io.geojson import read_geojson

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.data.catalog import MonthFiles
    from sn7fast.grid import Grid

# Names of a CRS in GeoJSON. GDAL would take other texts too, file names and addresses among them.
_LON_LAT = re.compile(r"(?:urn:ogc:def:crs:OGC:[\d.]*:|OGC:|)CRS84", re.IGNORECASE)
_EPSG = re.compile(r"(?:urn:ogc:def:crs:EPSG:[\d.]*:|EPSG:)(\d{1,6})", re.IGNORECASE)
_CRS84 = "OGC:CRS84"


def labels_in_pixels(files: MonthFiles, grid: Grid) -> Footprints:
    """The labels of one month of SpaceNet 7, in pixels of its image.

    Of ``labels_match_pix``, else of ``labels_match``, else of ``labels``; features without geometry
    are left out.

    Args:
        files: A month that has labels.
        grid: Of its image.

    Raises:
        InputError: There are no labels, all of them lie outside the image, or `read_labels` fails.
    """
    path = files.best_labels
    if path is None:
        raise InputError(f"{files.aoi}: month {files.month} has no labels")
    found = read_labels(
        path,
        grid,
        in_pixels=path == files.labels_match_pix,
        default_crs=_CRS84 if path == files.labels else None,
    )
    rows, columns = grid.shape_yx
    x, y = found.coords.T
    # Of some vertices it is normal; of all, image or labels are of another place or CRS.
    if x.size and (x.max() <= 0 or y.max() <= 0 or x.min() >= columns or y.min() >= rows):
        raise InputError(
            f"{path}: all {len(found)} footprints lie outside the image: x {x.min():.6g} to "
            f"{x.max():.6g}, y {y.min():.6g} to {y.max():.6g} in pixels, wanted 0 to {columns} "
            f"and 0 to {rows}"
        )
    return found


def read_labels(
    path: Path, grid: Grid, *, in_pixels: bool = False, default_crs: str | None = None
) -> Footprints:
    """Footprints of a GeoJSON file in pixels of an image; those without geometry are left out.

    Args:
        path: The GeoJSON file; one of 0 bytes has no footprints.
        grid: Of the image.
        in_pixels: The coordinates are pixels already. Longitude and latitude is passed over as
            their CRS then, since programs that know no pixels write it.
        default_crs: CRS of a file that names none; None means that of the image.

    Returns:
        Footprints in pixel units; they may lie outside the image, partly or wholly.

    Raises:
        FormatError, GeometryError: No GeoJSON of polygons, or an unknown CRS; names the file.
        InputError: The file cannot be opened, or its coordinates have no place in the image's CRS.
        MissingDependencyError: The labels are in another CRS than the image, and rasterio is not
            installed.
    """
    try:
        features = read_geojson(path, columns=[], null_geometry="skip")
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error
    named = None if features.crs is None else _crs(path, features.crs)
    if in_pixels:
        if named not in (None, _CRS84):
            raise InputError(f"{path}: coordinates are in {named}, wanted pixels")
        return features.footprints
    crs = named or default_crs or grid.crs
    if crs is None or crs == grid.crs:
        return grid.crs_to_px(features.footprints)
    if grid.crs is None:
        raise InputError(f"{path}: coordinates are in {crs}, the image has no CRS")
    return grid.crs_to_px(_transformed(path, features.footprints, crs, grid.crs))


def _crs(path: Path, name: str) -> str:
    """The CRS in few words; EPSG:4326 is CRS84, as in GeoJSON longitude comes first."""
    if _LON_LAT.fullmatch(name):
        return _CRS84
    code = _EPSG.fullmatch(name)
    if code is None:
        raise FormatError(
            f"{path}: crs: got {name[:80]!r}, which names no CRS, wanted such as "
            "urn:ogc:def:crs:EPSG::3857"
        )
    return _CRS84 if int(code[1]) == 4326 else f"EPSG:{int(code[1])}"


def _transformed(path: Path, footprints: Footprints, source: str, target: str) -> Footprints:
    """In another CRS, by PROJ."""
    if not len(footprints.coords):
        return footprints
    warp = require("rasterio.warp")
    try:
        x, y = warp.transform(source, target, *footprints.coords.T)
    except Exception as error:  # rasterio lets GDAL's own classes, which are private, through
        raise InputError(f"{path}: no way from {source} to {target}: {error}") from error
    coords = np.stack([x, y], axis=1)
    if not np.isfinite(coords).all():
        raise InputError(f"{path}: has points that {target} cannot show")
    return Footprints(coords, *footprints.arrays[1:])
