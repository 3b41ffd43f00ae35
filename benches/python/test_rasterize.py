"""The polygons of one frame back to pixels."""

import numpy as np
import pytest
import rasterio.features

from contender import Contender
from sn7fast import polygonize, rasterize

pytestmark = pytest.mark.benchmark(group="rasterize")


@pytest.fixture(scope="module")
def footprints(frame):
    return polygonize(frame)


def test_sn7fast(ours, frame, footprints):
    def check(mask):
        assert np.array_equal(mask, frame)

    ours(lambda: rasterize(footprints, frame.shape), check)


def test_rasterio(race, frame, footprints):
    # Mappings are what it takes quickest.
    geometries = [polygon.__geo_interface__ for polygon in footprints.to_shapely()]
    rival = Contender(
        "rasterio.features.rasterize",
        lambda: rasterio.features.rasterize(
            geometries, frame.shape, default_value=255, dtype=np.uint8
        ),
    )
    assert np.array_equal(rival.answer, frame)
    race(rival)
