"""Peaks, components and watershed against scikit-image, which makes the current rules."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.ndimage as ndi
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import peak_local_max
from skimage.measure import label
from skimage.segmentation import watershed

from sn7fast import SeparateParams, _core, get_num_threads, rasterize, separate, set_num_threads

DTYPES = (np.uint8, np.uint16, np.float32, np.float64)


@st.composite
def images(draw, dtypes=DTYPES):
    """Random images, from white noise to a few broad hills, with few or many levels."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    blur = draw(st.sampled_from([0.0, 0.7, 1.5, 3.0]))
    levels = draw(st.sampled_from([2, 5, 20, 250]))
    field = ndi.gaussian_filter(rng.random(shape), blur)
    field = (field - field.min()) / max(np.ptp(field), 1e-9)
    return np.floor(field * levels).astype(draw(st.sampled_from(dtypes)))


def share(image, part):
    """The value below which this part of the range lies."""
    return float(image.min() + part * (float(image.max()) - float(image.min())))


@given(images(), st.floats(0, 0.9), st.integers(0, 6))
def test_peaks_are_those_of_scikit_image(image, part, distance):
    floor = share(image, part)
    mask = image > floor
    window = np.ones((2 * distance + 1, 2 * distance + 1), bool)
    expected = np.zeros(image.shape, bool)
    if mask[1:-1, 1:-1].any():
        found = peak_local_max(
            image.astype(np.float64), footprint=window, labels=mask, exclude_border=1
        )
        expected[tuple(found.T)] = True
    got = _core.find_peaks(image, floor, distance, True, None)
    assert np.array_equal(got, expected)


@given(images(), st.floats(0, 0.9), st.floats(0, 1), st.integers(0, 6), st.booleans())
def test_a_ceiling_leaves_out_only_what_is_above(image, part, top, distance, current):
    floor = share(image, part)
    ceiling = max(floor, share(image, top))
    every = _core.find_peaks(image, floor, distance, current, None)
    low = _core.find_peaks(image, floor, distance, current, ceiling)
    assert np.array_equal(low[image <= ceiling], every[image <= ceiling])
    assert not (low & ~every).any()


@given(images(dtypes=(np.uint8,)), st.sampled_from([4, 8]))
def test_components_are_those_of_scikit_image(image, connectivity):
    labels = (image % 4).astype(np.uint32)
    expected = label(labels, connectivity=connectivity // 4, background=0)
    assert np.array_equal(_core.label_components(labels, connectivity), expected)


def seeds_of(image, part, connectivity=4):
    return _core.label_components((image > share(image, part)).astype(np.uint32), connectivity)


@given(images(), st.floats(0, 0.5), st.floats(0.5, 0.95), st.booleans())
def test_watershed_is_that_of_scikit_image(image, low, high, lines):
    floor = share(image, low)
    seeds = seeds_of(image, high)
    got = _core.watershed(image, seeds, floor, lines, True, False)
    expected = watershed(
        -image.astype(np.float64), seeds.astype(np.int32), mask=image > floor, watershed_line=lines
    )
    assert np.array_equal(got, expected)


@given(images(), st.floats(0, 0.5), st.floats(0.5, 0.95), st.booleans())
def test_in_raster_order_only_seeds_of_equal_value_change_places(image, low, high, lines):
    floor = share(image, low)
    # Each seed one pixel, each of its own value: there is one order.
    seeds = np.zeros(image.shape, np.uint32)
    tops = _core.find_peaks(image, share(image, high), 1, True, None)
    values, first = np.unique(image[tops], return_index=True)
    rows, columns = (index[first] for index in np.nonzero(tops))
    seeds[rows, columns] = np.arange(1, len(values) + 1)
    exact = _core.watershed(image, seeds, floor, lines, True, False)
    assert np.array_equal(_core.watershed(image, seeds, floor, lines, True, True), exact)
    # With any seeds the same pixels are reached, and labels keep apart.
    seeds = seeds_of(image, high)
    got = _core.watershed(image, seeds, floor, lines, True, True)
    assert np.array_equal(got[seeds > 0], np.where(image > floor, seeds, 0)[seeds > 0])
    if lines:
        for one, other in ((got[1:], got[:-1]), (got[:, 1:], got[:, :-1])):
            assert not ((one != other) & (one > 0) & (other > 0)).any()
    else:
        exact = _core.watershed(image, seeds, floor, False, True, False)
        assert np.array_equal(got > 0, exact > 0)


@pytest.mark.parametrize("current", [False, True])
def test_threads_change_nothing(current):
    rng = np.random.default_rng(5)
    image = ndi.gaussian_filter(rng.random((300, 200)), 1.5)
    results = []
    before = get_num_threads()
    for threads in (1, 2):
        set_num_threads(threads)
        peaks = _core.find_peaks(image, 0.5, 5, current, None)
        seeds = _core.label_components(peaks.astype(np.uint32), 4)
        results.append((peaks, _core.watershed(image, seeds, 0.45, True, current, False)))
    set_num_threads(before)
    assert all(map(np.array_equal, *results))
    assert results[0][0].sum() > 100


@pytest.mark.parametrize("preset", ["motokimura", "cannab", "selim_sef", "maksimov"])
@pytest.mark.parametrize("seed", range(3))
def test_separate_covers_what_scikit_image_covers(preset, seed):
    # Areas and seeds as small as can be: no footprint hangs on a pixel more or less.
    params = replace(SeparateParams.preset(preset), min_area_px=1, min_seed_px=1)
    rng = np.random.default_rng(seed)

    def channel(blur, scale, middle):
        field = ndi.gaussian_filter(rng.normal(size=(90, 110)), blur)
        return np.clip(middle + scale * field / field.std(), 0, 1).astype(np.float32)

    body, boundary, contact = channel(3, 0.4, 0.6), channel(2, 0.1, 0.2), channel(1.5, 0.1, 0.1)
    one = np.float32(1)
    score = body * (one - np.float32(params.boundary_weight) * boundary)
    score *= one - np.float32(params.contact_weight) * contact
    field = score if params.field == "score" else body
    seeds = label(
        (score > np.float32(params.seed_threshold)) & (field > np.float32(params.mask_threshold)),
        connectivity=params.seed_connectivity // 4,
    )
    steps = np.floor(np.clip(field, 0, 1) * np.float32(65_534) + np.float32(0.5)).astype(int)
    expected = watershed(
        -steps, seeds, mask=field > np.float32(params.mask_threshold), watershed_line=params.lines
    )
    found = separate(body, boundary, contact, params=params)
    assert len(found) == expected.max() > 3
    got = np.zeros(body.shape, int)
    for number, footprint in enumerate(found, 1):
        got[rasterize(footprint, body.shape) > 0] = number
    # Seeds of equal value go in another order, so that some pixels between may change sides.
    assert np.mean(got != expected) < 5e-3
    if not params.lines:
        assert np.array_equal(got > 0, expected > 0)
