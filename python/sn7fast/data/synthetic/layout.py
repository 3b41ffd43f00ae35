"""A synthetic AOI on disk, in the folders of SpaceNet 7 (see `sn7fast.data.catalog`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.sn7 import sn7_stem
from sn7fast.footprints import Footprints
from sn7fast.grid import Grid
from sn7fast.io.geojson import write_geojson
from sn7fast.io.outputs import whole_folder
from sn7fast.polygonize import polygonize
from sn7fast.rasterize import rasterize

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sn7fast.data.synthetic.scenes import SyntheticScene
    from sn7fast.stack import Stack

# Radius of the sphere of Web Mercator.
_RADIUS_M = 6378137.0
# Side of cloud masks, even where the image has one row or column less.
_UDM_SIDE = 1024


def write_scene(scene: SyntheticScene, folder: Path) -> Path:
    """Write all that SpaceNet 7 has of an AOI as ``folder/<AOI>``, whole or not at all.

    Raises:
        MissingDependencyError: rasterio is not installed.
    """
    from sn7fast.io.rasters import write_bands

    final = folder / scene.aoi
    with whole_folder(final) as home:
        for name in ("images", "images_masked"):
            (home / name).mkdir()
            for month in scene.months:
                bands = scene.image(month, masked=name == "images_masked").transpose(2, 0, 1)
                write_bands(home / name / f"{sn7_stem(scene.aoi, month)}.tif", bands, scene.grid)
        write_pixel_labels(scene.truth, home)
        _write_ground_labels(scene, home)
        write_masks(scene.truth, scene.cloud_masks, scene.grid, home)
    return final


def write_pixel_labels(truth: Stack, home: Path) -> None:
    """``labels_match_pix``: GeoJSON with Id, and with the name of the image."""
    (home / "labels_match_pix").mkdir(parents=True, exist_ok=True)
    for month, labels in truth.frames():
        stem = sn7_stem(truth.aoi, month)
        path = home / "labels_match_pix" / f"{stem}_Buildings.geojson"
        images = np.full(len(labels), f"{stem}.tif")
        write_geojson(path, labels, columns={"Id": _ids(truth, month), "image_fname": images})


def write_masks(truth: Stack, cloud_masks: NDArray[np.uint8], grid: Grid, home: Path) -> None:
    """``masks`` (the labels burnt) and ``UDM_masks``, these for months with clouds only."""
    from sn7fast.io.rasters import write_mask

    for name in ("masks", "UDM_masks"):
        (home / name).mkdir(parents=True, exist_ok=True)
    for (month, labels), cloud in zip(truth.frames(), cloud_masks, strict=True):
        stem = sn7_stem(truth.aoi, month)
        burnt = rasterize(labels, grid.shape_yx)
        write_mask(home / "masks" / f"{stem}_Buildings.tif", burnt, grid)
        if cloud.any():
            missing = [(0, int(length == _UDM_SIDE - 1)) for length in grid.shape_yx]
            whole = np.pad(cloud, missing, mode="edge")
            whole_grid = Grid(whole.shape, grid.transform, grid.crs)
            write_mask(home / "UDM_masks" / f"{stem}_UDM.tif", whole, whole_grid)


def _write_ground_labels(scene: SyntheticScene, home: Path) -> None:
    """``labels_match`` in the CRS of the images, and ``labels`` in longitude and latitude."""
    truth, grid = scene.truth, scene.grid
    for name in ("labels_match", "labels"):
        (home / name).mkdir()
    seen = np.empty(0, np.int64)
    for (month, pixels), cloud in zip(truth.frames(), scene.cloud_masks, strict=True):
        stem, ids = sn7_stem(truth.aoi, month), _ids(truth, month)
        placed = grid.px_to_crs(pixels)
        score = np.isin(ids, seen).astype(np.float64)
        columns = {"Id": ids, "area": placed.areas, "iou_score": score}
        path = home / "labels_match" / f"{stem}_Buildings.geojson"
        write_geojson(path, placed, columns=columns, crs=grid.crs)
        seen = np.union1d(seen, ids)
        # Labels without identifiers that last have 0 for all.
        path = home / "labels" / f"{stem}_Buildings.geojson"
        nothing = {"Id": np.zeros(len(ids), np.int64)}
        write_geojson(path, _lon_lat(placed), columns=nothing, crs="OGC:CRS84")
        hidden = grid.px_to_crs(polygonize(cloud))
        write_geojson(home / "labels" / f"{stem}_UDM.geojson", _lon_lat(hidden), crs="OGC:CRS84")


def _ids(truth: Stack, month: str) -> NDArray[np.int64]:
    return np.asarray(truth.ids)[truth.rows(month)]


def _lon_lat(footprints: Footprints) -> Footprints:
    """From Web Mercator to degrees."""
    x, y = footprints.coords.T / _RADIUS_M
    degrees = np.degrees(np.stack([x, np.arctan(np.sinh(y))], axis=1))
    return Footprints(degrees, *footprints.arrays[1:])
