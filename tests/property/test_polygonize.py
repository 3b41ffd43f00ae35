"""Masks to polygons: the mask comes back, and GDAL gives the same polygons."""

import numpy as np
import pytest
import rasterio.features
import scipy.ndimage
import shapely
from hypothesis import given
from hypothesis import strategies as st

from scenes import arrays_equal, bit_masks, seeds
from sn7fast import Footprints, polygonize, polygonize_frames, rasterize

DTYPES = ["bool", "uint8", "uint16", "float32", "float64"]
connectivities = st.sampled_from([4, 8])


def labels(mask, connectivity):
    structure = np.ones((3, 3)) if connectivity == 8 else None
    return scipy.ndimage.label(mask, structure)


def by_gdal(mask, connectivity):
    found = rasterio.features.shapes(mask.astype(np.uint8), mask=mask, connectivity=connectivity)
    return [shapely.geometry.shape(geometry) for geometry, _ in found]


@pytest.mark.parametrize("dtype", DTYPES)
@given(mask=bit_masks(), connectivity=connectivities)
def test_burning_gives_the_mask_back(dtype, mask, connectivity):
    footprints = polygonize(mask.astype(dtype), connectivity=connectivity)
    assert (rasterize(footprints, mask.shape) == mask * np.uint8(255)).all()


@given(bit_masks())
def test_equal_to_gdal_point_by_point(mask):
    assert arrays_equal(polygonize(mask), Footprints.from_shapely(by_gdal(mask, 4)))


@given(bit_masks())
def test_eight_neighbours_give_the_regions_of_gdal(mask):
    ours = polygonize(mask, connectivity=8).to_shapely()
    theirs = [shapely.make_valid(polygon) for polygon in by_gdal(mask, 8)]
    assert len(ours) == len(theirs)
    key = lambda region: (shapely.bounds(region).tolist(), region.area)  # noqa: E731
    for a, b in zip(sorted(ours, key=key), sorted(theirs, key=key), strict=True):
        assert a.symmetric_difference(b).area == 0


@given(bit_masks(), connectivities)
def test_areas_are_the_pixels_of_the_components(mask, connectivity):
    areas = polygonize(mask, connectivity=connectivity).areas
    label, count = labels(mask, connectivity)
    pixels = np.bincount(label.ravel(), minlength=count + 1)[1:]
    assert areas.sum() == mask.sum()
    assert sorted(areas) == sorted(pixels)


@given(bit_masks(), connectivities)
def test_every_footprint_is_valid_and_starts_as_documented(mask, connectivity):
    footprints = polygonize(mask, connectivity=connectivity)
    polygons = footprints.to_shapely()
    assert shapely.is_valid(polygons).all()
    for polygon in shapely.get_parts(polygons):
        rings = [polygon.exterior, *polygon.interiors]
        for outer, ring in zip([True] + [False] * (len(rings) - 1), rings, strict=True):
            points = np.array(ring.coords)
            top = points[points[:, 1] == points[:, 1].min()]
            assert tuple(points[0]) == tuple(top[top[:, 0].argmin()])
            # Downwards first on the outside, to the right first around a hole.
            assert (points[1, 1] > points[0, 1]) if outer else (points[1, 0] > points[0, 0])
            steps = np.diff(points, axis=0)
            assert ((steps == 0).sum(1) == 1).all(), "every edge runs along the pixel grid"
            assert (steps[1:][steps[:-1] == 0] == 0).sum() == 0, "every vertex is a corner"


@given(bit_masks(), connectivities, st.sampled_from([0, 1, 1.5, 2, 3, 3.5, 8, 1e9]))
def test_min_area_drops_the_small_ones_and_nothing_else(mask, connectivity, least):
    every = polygonize(mask, connectivity=connectivity)
    kept = polygonize(mask, connectivity=connectivity, min_area_px=least)
    wanted = every[every.areas >= least]
    assert kept.coords.tobytes() == wanted.coords.tobytes()
    assert kept.ring_offsets.tobytes() == wanted.ring_offsets.tobytes()
    assert [g.wkb for g in kept.to_shapely()] == [g.wkb for g in wanted.to_shapely()]


VALUES = {
    "uint8": [0, 1, 127, 128, 254, 255],
    "uint16": [0, 1, 255, 256, 65534, 65535],
    "float32": [-np.inf, -1.0, -0.0, 0.0, 0.1, 0.5, 1e30, np.inf, np.nan],
    "float64": [-np.inf, -1.0, -0.0, 0.0, 0.1, 0.1 + 1e-12, 0.5, 1e300, np.inf, np.nan],
}
THRESHOLDS = [-np.inf, -1, -0.5, -0.0, 0, 0.1, 0.5, 127, 127.5, 254.9, 255, 65534.5, 1e40, np.inf]


@pytest.mark.parametrize("dtype", VALUES)
@given(random=seeds(), threshold=st.sampled_from(THRESHOLDS), columns=st.integers(1, 140))
def test_foreground_is_what_lies_above_the_threshold(dtype, random, threshold, columns):
    values = random.choice(np.array(VALUES[dtype], dtype), (7, columns))
    limit = values.dtype.type(threshold) if dtype == "float32" and threshold < 1e39 else threshold
    if dtype == "float32":
        limit = np.float32(limit) if abs(limit) < 3e38 else np.float32(np.copysign(np.inf, limit))
    above = values > limit
    assert arrays_equal(polygonize(values, threshold=threshold), polygonize(above))


@given(st.lists(st.integers(0, 2**32 - 1), max_size=5), st.integers(1, 9), st.integers(1, 80))
def test_frames_are_polygonized_as_single_masks(frame_seeds, rows, columns):
    frames = [np.random.default_rng(seed).random((rows, columns)) for seed in frame_seeds]
    months = [f"2018_{k + 1:02d}" for k in range(len(frames))]
    stack = polygonize_frames(frames, months=months, threshold=0.4, min_area_px=2)
    for month, frame in zip(months, frames, strict=True):
        alone = polygonize(frame, threshold=0.4, min_area_px=2)
        together = stack.frame(month)
        assert (together.coords == alone.coords).all()
        assert (together.ring_offsets == alone.ring_offsets).all()


@given(bit_masks(), connectivities)
def test_a_mask_on_its_side_has_the_same_regions(mask, connectivity):
    upright = polygonize(mask, connectivity=connectivity).to_shapely()
    lying = polygonize(mask.T, connectivity=connectivity).to_shapely()
    turned = shapely.transform(lying, lambda points: points[:, ::-1])
    assert {shapely.normalize(p).wkb for p in upright} == {shapely.normalize(p).wkb for p in turned}
