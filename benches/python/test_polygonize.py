"""One frame to polygons. cv2 and cc3d do less: no polygons of pixels, or none at all."""

import cc3d
import cv2
import numpy as np
import pytest
import rasterio.features
import shapely
from shapely.geometry import shape

from contender import Contender
from sn7fast import polygonize

pytestmark = pytest.mark.benchmark(group="polygonize")


@pytest.fixture(scope="module")
def gdal(frame):
    inside = frame > 0
    return Contender(
        "rasterio.features.shapes",
        lambda: list(rasterio.features.shapes(frame, mask=inside, connectivity=4)),
    )


@pytest.fixture(scope="module")
def polygons(gdal):
    return [shape(geometry) for geometry, _ in gdal.answer]


def test_sn7fast(ours, frame, polygons):
    def check(footprints):
        # Ring by ring and point by point, in the same order.
        assert len(footprints) == len(polygons) > 1000
        assert shapely.equals_exact(footprints.to_shapely(), np.array(polygons)).all()

    ours(lambda: polygonize(frame), check)


def test_rasterio(race, gdal, polygons, frame):
    assert sum(polygon.area for polygon in polygons) == np.count_nonzero(frame)
    race(gdal)


def test_cv2(race, frame):
    contours = Contender(
        "cv2.findContours",
        lambda: cv2.findContours(frame, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE),
        part="lines through pixel centres, 8-connected, no areas",
    )
    _, hierarchy = contours.answer
    # Contours without a parent are outer ones: one for each 8-connected region.
    outer = np.count_nonzero(hierarchy[0, :, 3] < 0)
    assert outer == len(polygonize(frame, connectivity=8))
    race(contours)


def test_cc3d(race, frame, polygons):
    labelling = Contender(
        "cc3d", lambda: cc3d.connected_components(frame, connectivity=4), part="labels only"
    )
    pixels = np.bincount(labelling.answer.ravel())[1:]
    assert np.array_equal(np.sort(pixels), np.sort([polygon.area for polygon in polygons]))
    race(labelling)
