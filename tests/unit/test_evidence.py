"""What the pixels say of footprints: exact means, visible shares, and what became of a building."""

import numpy as np
import pytest

import sn7fast
from sn7fast import Cube, Footprints, Stack
from sn7fast.large import WholeStack
from sn7fast.pipeline.evidence import STATUS, evidence, means
from sn7fast.pipeline.published import last_outlines

MONTHS = ["2018_01", "2018_02", "2018_03", "2018_04"]


def looked_at(cube, stack):
    rows = WholeStack(stack)
    return evidence(cube, rows, last_outlines(rows))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, bool])
@pytest.mark.parametrize("connectivity", [4, 8])
def test_means_of_outlines_of_pixels_are_exact(dtype, connectivity, monkeypatch):
    """With holes and with several parts; also if few rows are summed at a time."""
    random = np.random.default_rng(connectivity)
    values = (random.random((41, 37)) * (255 if dtype == np.uint8 else 1.999)).astype(dtype)
    found = sn7fast.polygonize(random.random((41, 37)) < 0.45, connectivity=connectivity)
    assert (found.footprint_offsets is not None) == (connectivity == 8)
    expected = [
        values[sn7fast.rasterize(found[[index]], (41, 37)) > 0].mean(dtype=float)
        for index in range(len(found))
    ]
    np.testing.assert_allclose(means(values, found), expected, rtol=1e-6)
    monkeypatch.setattr("sn7fast.pipeline.evidence._MOST_PIXELS", 37 * 4)
    np.testing.assert_allclose(means(values, found), expected, rtol=1e-6)
    # Read the other way round they are the same.
    coords = found.coords.copy()
    for start, end in zip(found.ring_offsets, found.ring_offsets[1:], strict=False):
        coords[start:end] = coords[start:end][::-1]
    turned = Footprints(coords, *found.arrays[1:])
    np.testing.assert_allclose(means(values, turned), expected, rtol=1e-6)


def test_means_of_parts_of_pixels_and_of_what_is_outside():
    values = np.arange(12, dtype=np.float32).reshape(3, 4)

    def box(x0, y0, x1, y1):
        coords = [(x0, y0), (x0, y1), (x1, y1), (x1, y0), (x0, y0)]
        return Footprints(np.array(coords, float), [0, 5], [0, 1])

    assert means(values, box(0.5, 0, 1.5, 1)) == pytest.approx(0.5)
    assert means(values, box(1, 0.25, 2, 1.25)) == pytest.approx(0.75 * 1 + 0.25 * 5)
    assert means(values, box(2, 1, 9, 9)) == pytest.approx((6 + 7 + 10 + 11) / 4)
    assert means(values, box(-5, -5, 0, 0)) == 0
    assert means(values, box(0.5, 0.5, 1, 1), scale=2) == pytest.approx(5)
    triangle = Footprints(np.array([(0, 0), (0, 2), (2, 2), (0, 0)], float), [0, 4], [0, 1])
    assert means(np.full((3, 3), 7, np.uint8), triangle) == pytest.approx(7)
    assert means(values, Footprints.empty()).shape == (0,)


def square(x):
    coords = np.array([(x, 0), (x, 4), (x + 4, 4), (x + 4, 0), (x, 0)], float)
    return Footprints(coords, [0, 5], [0, 1])


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("native", [True, False])
def test_what_became_of_buildings(scale, native):
    """Three buildings: one lasts, one goes, and one goes behind a cloud that stays."""
    prob = np.zeros((4, 4 * scale, 20 * scale), np.uint8)
    valid = np.ones((4, 4, 20), bool)
    frames, ids = [], []
    for month in range(4):
        standing = [0] if month > 1 else [0, 1, 2]
        for name in standing:
            prob[month, :, 8 * name * scale : (8 * name + 4) * scale] = 204
        frames.append(Footprints.concatenate([square(8 * name) for name in standing]))
        ids.append(standing)
    valid[2:, :, 16:] = False
    # Three quarters of the second are hidden in the third month, not in the fourth.
    valid[2, :, 8:11] = False
    valid[0, :, :1] = False
    if not native:
        valid = valid.repeat(scale, axis=1).repeat(scale, axis=2)
    stack = Stack.from_frames(frames, months=MONTHS, aoi="a", ids=ids)
    cube = Cube.from_arrays(prob, months=MONTHS, valid=valid, scale=scale)
    found = looked_at(cube, stack)
    assert found.confidence == pytest.approx(0.8)
    assert found.observed.all()
    assert [STATUS[one] for one in found.status] == ["standing", "demolished", "unobserved"]
    # Without clouds what is not found is gone.
    found = looked_at(Cube.from_arrays(prob, months=MONTHS, scale=scale), stack)
    assert [STATUS[one] for one in found.status] == ["standing", "demolished", "demolished"]


def test_rows_where_nothing_can_be_seen():
    """A method that has buildings stand through clouds says so of its rows."""
    prob = np.zeros((2, 4, 4), np.uint8)
    valid = np.zeros((2, 4, 4), bool)
    valid[0] = True
    stack = Stack.from_frames([square(0)] * 2, months=MONTHS[:2], aoi="a", ids=[[3], [3]])
    found = looked_at(Cube.from_arrays(prob, months=MONTHS[:2], valid=valid), stack)
    assert found.observed.tolist() == [True, False]
    assert found.status.tolist() == [0]


def test_no_buildings():
    stack = Stack.from_frames([Footprints.empty()] * 2, months=MONTHS[:2], aoi="a", ids=[[], []])
    found = looked_at(Cube.from_arrays(np.zeros((2, 5, 5), np.uint8), months=MONTHS[:2]), stack)
    assert found.confidence.shape == found.observed.shape == found.status.shape == (0,)
