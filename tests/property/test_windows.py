"""Bands of any heights give what the whole gives: outlines, identifiers and what fills gaps."""

import tracemalloc
from dataclasses import fields, replace

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes import arrays_equal, bit_masks, seeds
from sn7fast import (
    CollapseParams,
    Cube,
    FilterParams,
    Footprints,
    InputError,
    polygonize,
    polygonize_bands,
    set_num_threads,
)
from sn7fast._core import MaskBands, cluster_boxes, get_num_threads
from sn7fast.buildings import Buildings
from sn7fast.postprocess import PostProcessing, Threshold, postprocess
from sn7fast.postprocess.methods import BaselineParams
from sn7fast.windows import ArrayBands, collapse, pending, postprocess_large, tracking
from sn7fast.windows.boxes import low_boxes

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


def strips(regions, region):
    """Boxes of a region, one for every 32 rows."""
    for top in range(0, len(regions), 32):
        y, x = np.nonzero(regions[top : top + 32] == region)
        if len(y):
            yield (x.min(), y.min() + top, x.max() + 1, y.max() + top + 1)


def stripes(random, rows):
    """Regions most of which are tall."""
    blur = scipy.ndimage.gaussian_filter(random.random((rows, 40)), (3, 1))
    return np.uint8(blur > np.quantile(blur, 0.45))


@given(random=seeds(), rows=st.integers(1, 150))
def test_boxes_of_what_is_not_ready_stay_near_it(random, rows):
    mask = stripes(random, rows)
    bands = MaskBands(40, 0.0, 0.0, 4)
    for band in cut(mask, [7, 40]):
        bands.push(band)
    regions, _ = scipy.ndimage.label(mask)
    wanted = [box for region in set(regions[-1]) - {0} for box in strips(regions, region)]
    assert sorted(map(tuple, bands.open_bounds().tolist())) == sorted(wanted)


@given(random=seeds(), rows=st.integers(1, 150), connectivity=connectivities)
def test_boxes_of_tall_footprints_stay_near_them(random, rows, connectivity):
    mask = stripes(random, rows)
    footprints = polygonize(mask, connectivity=connectivity)
    boxes, of = low_boxes(footprints)
    wanted = [[] for _ in range(len(footprints))]
    regions, count = scipy.ndimage.label(mask, np.ones((3, 3)) if connectivity == 8 else None)
    for region in range(1, count + 1):
        y, x = np.nonzero(regions == region)
        bounds = (x.min(), y.min(), x.max() + 1, y.max() + 1)
        index = next(
            k
            for k in np.flatnonzero((footprints.bounds == bounds).all(1))
            if footprints.areas[k] == len(y) and not wanted[k]
        )
        if y.max() + 1 - y.min() <= 64:
            wanted[index] = [bounds]
        else:
            centre = (x.mean() + 0.5, y.mean() + 0.5)
            wanted[index] = [*strips(regions, region), centre + centre]
    assert np.bincount(of, minlength=len(wanted)).tolist() == list(map(len, wanted))
    assert boxes == pytest.approx(np.array([box for some in wanted for box in some]).reshape(-1, 4))


@given(random=seeds(), reach=st.sampled_from([0.0, 0.5, 3.0]))
def test_clusters_of_boxes(random, reach):
    corner = random.integers(0, 30, (random.integers(0, 25), 2))
    boxes = np.hstack([corner, corner + random.integers(0, 4, corner.shape)]).astype(float)
    thing = np.arange(len(boxes), dtype=np.uint32)
    same = random.random(len(boxes)) < 0.2
    thing[same] = [random.integers(0, k + 1) for k in np.flatnonzero(same)]
    gap = np.maximum(boxes[:, None, :2] - boxes[None, :, 2:], 0).max(2, initial=0)
    near = np.maximum(gap, gap.T) <= reach
    near[np.arange(len(boxes)), thing] = True
    _, label = scipy.sparse.csgraph.connected_components(near, directed=False)
    first = {group: place for place, group in reversed(list(enumerate(label)))}
    assert cluster_boxes(boxes, thing, reach).tolist() == [first[group] for group in label]


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


def in_bands(cube, method, height):
    """`postprocess_large` with bands of that height."""
    step = height * cube.scale

    def ranges(shape_yx, **_):
        return [(row, min(row + step, shape_yx[0])) for row in range(0, shape_yx[0], step)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracking, "band_ranges", ranges)
        patch.setattr(pending, "MOST_AT_ONCE", 5)
        with postprocess_large(ArrayBands(cube), method, aoi="a") as stack:
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
    for method in methods_of(random):
        if random.random() < 0.2:
            method = replace(method, simplify_px=1.0)
        if random.random() < 0.2:
            method = PostProcessing.from_dict(method.to_dict() | {"refine": {"weight": 0.3}})
        found, large = in_bands(cube, method, int(random.integers(1, 12)))
        whole = postprocess(cube, method, aoi="a")
        assert_equal(found, whole)
        assert large.counts == tuple(np.diff(whole.frame_offsets))
        assert large.building_count == whole.building_count


def winding(months, rows):
    """Houses, and in all months but the first a thin region that winds around them to the end."""
    random = np.random.default_rng(4)
    prob = np.zeros((months, rows, 150), np.uint8)
    for top in range(2, rows - 6, 8):
        for left in range(2, 140, 8):
            begin = random.integers(-2, months)
            height, width = random.integers(3, 6, 2)
            prob[max(begin, 0) :, top : top + height, left : left + width] = 200
    row = np.arange(rows)
    for step in range(-2, 3):
        column = np.int64(75 + 60 * np.sin(row / 80) + step)
        prob[1:, row, column] = 200
    return Cube(prob, tuple(f"2020_{k + 1:02}" for k in range(months)))


def test_what_lies_beside_a_region_that_winds_is_not_kept_back():
    cube = winding(3, 600)
    kept, tracked = [], []
    take = pending.Pending.take_complete

    def counted(waiting, growing, end, reach):
        for part in take(waiting, growing, end, reach):
            tracked.append(len(part.footprints))
            yield part
        kept.append(len(waiting))

    for radius in (0.0, 12.0):
        filters = FilterParams(search_radius_pixel=radius, fill="between")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pending.Pending, "take_complete", counted)
            found, _ = in_bands(cube, PostProcessing("filtered", filters), 16)
        assert_equal(found, postprocess(cube, PostProcessing("filtered", filters), aoi="a"))
    without, with_radius = kept[: len(kept) // 2], kept[len(kept) // 2 :]
    assert 0 < max(without) < 0.2 * max(with_radius)
    assert max(tracked) < 0.75 * max(with_radius)


def test_clouds_over_a_region_that_comes_through_all_rows_stay_bits():
    """Once a byte for each of the 12 million pixels of its rows was made of them."""
    rows, columns = 2000, 2000
    prob = np.zeros((3, rows, columns), np.uint8)
    prob[[0, 2], :, 10:30] = prob[[0, 2], 1000, :] = 200
    valid = np.ones(prob.shape, bool)
    valid[1, 300:1700, 15:25] = valid[1, 990:1010, 700:] = valid[0, ::9, 1500:] = False
    cube = Cube(prob, ("2020_01", "2020_02", "2020_03"), valid)
    method = PostProcessing("filtered", FilterParams(fill="between", fill_clouds="clip"))
    peaks = []
    settle = tracking._Job._settle

    def measured(job, growing, end):
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        settle(job, growing, end)
        peaks.append(tracemalloc.get_traced_memory()[1] - before)

    tracemalloc.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tracking._Job, "_settle", measured)
            found, large = in_bands(cube, method, 100)
    finally:
        tracemalloc.stop()
    assert_equal(found, postprocess(cube, method, aoi="a"))
    assert large.counts == (1, 1, 1)
    assert np.isnan(found.iou[1])
    assert found.footprints.areas[1] == 20 * rows + columns - 20 - 1400 * 10 - 1300
    assert max(peaks) < 1e6


def test_a_radius_around_the_centre_of_a_region_that_closes_later():
    prob = np.zeros((2, 60, 60), np.uint8)
    for left in (18, 24, 30, 36):
        prob[:, 14:18, left : left + 4] = prob[:, 22:26, left : left + 4] = 200
    prob[1, 2:50, [4, 5, 54, 55]] = prob[1, 48:50, 4:56] = 200
    cube = Cube(prob, ("2020_01", "2020_02"))
    rules = {"search_radius_pixel": 20.0, "max_num_intersect_polys": 3}
    method = PostProcessing("filtered", FilterParams(**rules))
    whole = postprocess(cube, method, aoi="a")
    assert np.diff(whole.frame_offsets).tolist() == [8, 8]
    for height in (1, 7, 30, 60):
        found, _ = in_bands(cube, method, height)
        assert_equal(found, whole)


@settings(max_examples=25, deadline=None)
@given(seeds())
def test_a_radius_in_a_dense_town(random):
    months, rows, columns = random.integers(2, 6), 130, 40
    prob = np.zeros((months, rows, columns), np.uint8)
    for top in range(1, rows - 6, 7):
        for left in range(1, columns - 6, 7):
            begin, height, width = random.integers(0, months), *random.integers(2, 6, 2)
            for month in range(begin, months):
                if random.random() < 0.8:
                    y, x = random.integers(0, 2, 2)
                    prob[month, top + y : top + y + height, left + x : left + x + width] = 255
    cube = Cube(prob, tuple(f"2020_{k + 1:02}" for k in range(months)))
    params = FilterParams(
        min_iou=float(random.choice([0.1, 0.4])),
        search_radius_pixel=float(random.choice([3, 5, 8])),
        max_num_intersect_polys=int(random.integers(0, 4)),
        shape_update_method=str(random.choice(["none", "latest"])),
        fill=str(random.choice(["none", "between"])),
    )
    method = PostProcessing("filtered", params)
    found, _ = in_bands(cube, method, int(random.integers(3, 20)))
    assert_equal(found, postprocess(cube, method, aoi="a"))


@pytest.mark.parametrize("threads", [1, 2])
def test_tracks_on_any_number_of_threads(threads):
    random = np.random.default_rng(5)
    cube = cube_of(random, 5, (150, 130), 1, hidden=True)
    before = get_num_threads()
    set_num_threads(threads)
    try:
        for method in methods_of(random):
            found, _ = in_bands(cube, method, 16)
            assert_equal(found, postprocess(cube, method, aoi="a"))
    finally:
        set_num_threads(before)


def town(random):
    """A cube of houses that begin at some month, that lies off in some, perhaps with clouds."""
    months, scale = int(random.integers(1, 6)), int(random.choice([1, 1, 2, 3]))
    rows, columns = (int(side) * scale for side in random.integers(20, 170 // scale, 2))
    blur = scipy.ndimage.gaussian_filter
    settled = blur(random.random((rows, columns)), 10)
    settled = settled > np.quantile(settled, 0.6)
    houses = blur(random.random((rows, columns)), 1.5 * scale)
    houses = np.clip(6 * ((houses - houses.min()) / np.ptp(houses) - 0.5), 0, 1) * settled
    side = 14 * scale
    begin = random.integers(-2, months, (rows // side + 1, columns // side + 1))
    begin = begin.repeat(side, 0).repeat(side, 1)[:rows, :columns]
    prob = np.stack(
        [
            np.roll(houses * (begin <= month), random.integers(-1, 2), 0) * 0.85
            + 0.1 * random.random((rows, columns))
            for month in range(months)
        ]
    )
    if random.random() < 0.6:
        prob = np.uint8(prob * 255)
    else:
        prob = np.float32(prob)
        prob[random.random(prob.shape) < 0.005] = np.nan
    valid = None
    if random.random() < 0.6:
        clouds = random.random((months, rows // scale, columns // scale))
        valid = blur(clouds, (0, 4, 4)) > 0.47
    return Cube(prob, tuple(f"2020_{k + 1:02}" for k in range(months)), valid, scale)


def by_windows(cube, method, rim):
    """With as little memory as will do, and the number of windows."""
    windows = []
    core = collapse._core.collapse_window

    def counted(*arguments):
        windows.append(core(*arguments))
        return windows[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collapse, "_RIM_PX", rim)
        patch.setattr(collapse, "_core", _Core(collapse_window=counted))
        for memory_mb in (0.3, 0.6, 1.2, 2.4, 100):
            try:
                stack = postprocess_large(ArrayBands(cube), method, aoi="a", memory_mb=memory_mb)
            except InputError:
                windows.clear()
            else:
                return stack, windows
    raise AssertionError("not even with all the memory")


class _Core:
    """The native core with some functions changed."""

    def __init__(self, **changes):
        self.__dict__.update(changes)

    def __getattr__(self, name):
        from sn7fast import _core

        return getattr(_core, name)


@settings(max_examples=25, deadline=None)
@given(seeds())
def test_collapse(random):
    cube = town(random)
    method = PostProcessing(
        "collapse",
        CollapseParams(
            max_shift_px=float(random.choice([0, 2, 6])),
            adapt=float(random.choice([0, 0.5, 1])),
            min_mean=float(random.choice([0.3, 0.6])),
            hidden=str(random.choice(["drop", "keep"])),
        ),
    )
    large, _ = by_windows(cube, method, int(random.choice([4, 16, 40])))
    whole, found = postprocess(cube, method, aoi="a"), large.to_stack()
    assert arrays_equal(found.footprints, whole.footprints)
    assert np.array_equal(found.frame_offsets, whole.frame_offsets)
    assert np.array_equal(found.ids, whole.ids)
    for field in fields(Buildings):
        ours, theirs = (getattr(stack.buildings, field.name) for stack in (found, whole))
        assert np.array_equal(ours, theirs), field.name
    assert large.counts == tuple(np.diff(whole.frame_offsets))
    assert large.building_count == whole.building_count


def test_a_window_that_is_too_small_is_made_larger():
    cube = town(np.random.default_rng(3))
    large, windows = by_windows(cube, PostProcessing("collapse"), 4)
    assert len(windows) > 4
    assert any(window is None for window in windows)
    assert len(large) == len(postprocess(cube, PostProcessing("collapse"), aoi="a"))
