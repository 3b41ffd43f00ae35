"""Fewer vertices for the polygons of one frame."""

import numpy as np
import pytest
import shapely

from contender import Contender
from sn7fast import polygonize, simplify

pytestmark = pytest.mark.benchmark(group="simplify")
TOLERANCE = 1.0


@pytest.fixture(scope="module")
def footprints(frame):
    return polygonize(frame)


@pytest.fixture(scope="module")
def geos(footprints):
    polygons = footprints.to_shapely()
    return Contender(
        "shapely.simplify",
        lambda: shapely.simplify(polygons, TOLERANCE, preserve_topology=True),
    )


def test_sn7fast(ours, footprints, geos):
    def check(found):
        _, coords, offsets = shapely.to_ragged_array(geos.answer)
        assert np.array_equal(found.coords, coords)
        assert np.array_equal(found.ring_offsets, offsets[0])

    ours(lambda: simplify(footprints, TOLERANCE), check)


def test_shapely(race, footprints, geos):
    assert shapely.is_valid(geos.answer).all()
    assert len(shapely.get_coordinates(geos.answer)) < len(footprints.coords)
    race(geos)
