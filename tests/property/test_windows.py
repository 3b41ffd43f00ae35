"""Bands of any heights give what the whole gives: outlines, identifiers and what fills gaps."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from scenes import arrays_equal, bit_masks, seeds
from sn7fast import Cube, FilterParams, Footprints, polygonize, polygonize_bands, set_num_threads
from sn7fast._core import cluster_boxes, get_num_threads
from sn7fast.postprocess import PostProcessing, Threshold, postprocess
from sn7fast.postprocess.methods import BaselineParams
from sn7fast.windows import ArrayBands, postprocess_large, tracking

connectivities = st.sampled_from([4, 8])
heights = st.lists(st.integers(0, 7), min_size=1, max_size=8)


def cut(array, heights):
    """Bands of these heights, again and again, to the end of the rows."""
    bands, row = [], 0
    while row < len(array):
        before = row
        for height in heights:
            bands.append(array[row : row + height])
            row += height
        if row == before:
            return [*bands, array[row:]]
    return bands


@given(bit_masks(), connectivities, heights, st.sampled_from([0, 1, 2.5, 6]))
def test_outlines(mask, connectivity, heights, least):
    rules = {"connectivity": connectivity, "min_area_px": least}
    parts = list(polygonize_bands(cut(mask, heights), **rules))
    assert arrays_equal(Footprints.concatenate(parts), polygonize(mask, **rules))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@given(random=seeds(), threshold=st.sampled_from([-1.0, 0.0, 0.4, 1.0]), heights=heights)
def test_outlines_of_what_is_valid(dtype, random, threshold, heights):
    values = random.integers(0, 3, (17, 70)).astype(dtype)
    if values.dtype.kind == "f":
        values[random.random(values.shape) < 0.1] = np.nan
    valid = random.random(values.shape) < 0.8
    bands = polygonize_bands(cut(values, heights), valid=cut(valid, heights), threshold=threshold)
    above = (values > threshold) & valid
    assert arrays_equal(Footprints.concatenate(bands), polygonize(above))


@given(random=seeds(), reach=st.sampled_from([0.0, 0.5, 3.0]))
def test_clusters_of_boxes(random, reach):
    corner = random.integers(0, 30, (random.integers(0, 25), 2))
    boxes = np.hstack([corner, corner + random.integers(0, 4, corner.shape)]).astype(float)
    gap = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], 0).max(2, initial=0)
    near = np.maximum(gap, gap.T) <= reach
    _, label = scipy.sparse.csgraph.connected_components(near)
    first = {group: place for place, group in reversed(list(enumerate(label)))}
    assert cluster_boxes(boxes, reach).tolist() == [first[group] for group in label]


def cube_of(random, months, shape, scale, *, hidden):
    """Blobs of which some stay, in bytes or floats, perhaps under clouds."""
    base = scipy.ndimage.gaussian_filter(random.random(shape), 1.2)
    own = scipy.ndimage.gaussian_filter(random.random((months, *shape)), (0, 1, 1))
    prob = 0.5 * base + 0.5 * own
    prob = (prob - prob.min()) / np.ptp(prob)
    prob[random.random(months) < 0.15] = 0
    prob = np.float32(prob) if random.random() < 0.5 else np.uint8(prob * 255)
    valid = None
    if hidden:
        clouds = (months, shape[0] // scale, shape[1] // scale)
        valid = scipy.ndimage.gaussian_filter(random.random(clouds), (0, 2, 2)) > 0.46
        if random.random() < 0.5:
            valid = valid.repeat(scale, 1).repeat(scale, 2)
    return Cube(prob, tuple(f"2020_{k + 1:02}" for k in range(months)), valid, scale)


def methods_of(random):
    """Settings of both trackers with rules drawn."""
    segment = Threshold(
        float(random.uniform(0.35, 0.65)), float(random.integers(0, 5)), int(random.choice([4, 8]))
    )
    params = BaselineParams(
        float(random.choice([0.0, 0.1, 0.25])),
        str(random.choice(["first", "latest"])),
        bool(random.integers(2)),
    )
    yield PostProcessing("baseline", params, segment=segment)
    for rules in (FilterParams(), FilterParams.preset("motokimura"), FilterParams.preset("cannab")):
        params = replace(
            rules,
            fill=str(random.choice(["none", "between", "to_end"])),
            fill_shape=str(random.choice(["master", "typical"])),
            fill_clouds=str(random.choice(["clip", "skip"])),
            fill_only_free=bool(random.integers(2)),
            fill_min_cloud_px=int(random.choice([0, 1, 300])),
        )
        yield PostProcessing("filtered", params, segment=segment)


def in_bands(cube, settings, height):
    """`postprocess_large` with bands of that height."""
    step = height * cube.scale

    def ranges(shape_yx, **_):
        return [(row, min(row + step, shape_yx[0])) for row in range(0, shape_yx[0], step)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracking, "band_ranges", ranges)
        with postprocess_large(ArrayBands(cube), settings, aoi="a") as stack:
            return stack.to_stack(), stack


def assert_equal(found, whole):
    assert found.months == whole.months
    assert arrays_equal(found.footprints, whole.footprints)
    assert np.array_equal(found.frame_offsets, whole.frame_offsets)
    assert np.array_equal(found.ids, whole.ids)
    assert np.array_equal(found.iou, whole.iou, equal_nan=True)


@given(seeds())
def test_tracks(random):
    scale = int(random.choice([1, 1, 2, 3]))
    shape = tuple(int(n) * scale for n in random.integers(1, 60 // scale, 2))
    cube = cube_of(random, int(random.integers(1, 6)), shape, scale, hidden=random.random() < 0.6)
    for settings in methods_of(random):
        if scale > 1:
            settings = replace(settings, segment=replace(settings.segment, connectivity=4))
        if random.random() < 0.2:
            settings = replace(settings, simplify_px=1.0)
        if random.random() < 0.2:
            settings = PostProcessing.from_dict(settings.to_dict() | {"refine": {"weight": 0.3}})
        found, large = in_bands(cube, settings, int(random.integers(1, 12)))
        whole = postprocess(cube, settings, aoi="a")
        assert_equal(found, whole)
        assert large.counts == tuple(np.diff(whole.frame_offsets))
        assert large.building_count == whole.building_count


@pytest.mark.parametrize("threads", [1, 2])
def test_tracks_on_any_number_of_threads(threads):
    random = np.random.default_rng(5)
    cube = cube_of(random, 5, (150, 130), 1, hidden=True)
    before = get_num_threads()
    set_num_threads(threads)
    try:
        for settings in methods_of(random):
            found, _ = in_bands(cube, settings, 16)
            assert_equal(found, postprocess(cube, settings, aoi="a"))
    finally:
        set_num_threads(before)
