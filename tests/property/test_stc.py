"""Collapse against the clean-room twin, and on one and two threads."""

import numpy as np
import pytest
import scipy.ndimage as ndi
import shapely

from reference import stc as reference
from sn7fast import (
    Cube,
    Footprints,
    _core,
    get_num_threads,
    polygonize,
    set_num_threads,
)
from sn7fast.stc import StcParams, collapse_stc

MONTHS = 7


def cube(seed, dtype, clouds=True, size=120):
    """Noisy squares, some of which appear, under clouds."""
    rng = np.random.default_rng(seed)
    clean = np.zeros((MONTHS, size, size))
    for _ in range(size // 2):
        y, x = rng.integers(0, size - 6, 2)
        h, w = rng.integers(5, 16, 2)
        clean[rng.choice([0, 0, rng.integers(1, MONTHS)]) :, y : y + h, x : x + w] = 1
    noise = ndi.gaussian_filter(rng.normal(size=clean.shape), (0, 1.5, 1.5)) * 2
    prob = np.clip(ndi.gaussian_filter(clean, (0, 1, 1)) * 0.9 + 0.15 * noise, 0, 1)
    prob = (prob * 255).astype(np.uint8) if dtype == np.uint8 else prob.astype(np.float32)
    valid = None
    if clouds:
        thickness = ndi.gaussian_filter(rng.normal(size=(MONTHS, size // 3, size // 3)), (0, 3, 3))
        valid = (thickness < 0.12).repeat(3, axis=1).repeat(3, axis=2)
    months = [f"2020_{month:02}" for month in range(1, MONTHS + 1)]
    return Cube.from_arrays(prob, months=months, valid=valid, scale=3)


def as_dictionary(stack):
    starts = stack.footprints.ring_offsets[stack.footprints.polygon_offsets]
    return {
        (month, id_): stack.footprints.coords[starts[row] : starts[row + 1]]
        for row, (month, id_) in enumerate(
            zip(stack.month_index.tolist(), stack.ids.tolist(), strict=True)
        )
    }


@pytest.mark.parametrize(
    ("dtype", "clouds", "params"),
    [
        (np.uint8, True, {}),
        (np.float32, True, {}),
        (np.uint8, False, {"variant": "stc1"}),
        (np.float32, False, {"margin": 0.2, "thres3_d": 0.3}),
        (np.uint8, True, {"distance": 2, "min_area": 9, "thres2_l2": 0.2, "thres3_i": 0.2}),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_same_as_the_twin(seed, dtype, clouds, params):
    made, params = cube(seed, dtype, clouds), StcParams(**params)
    expected = reference.collapse(made.prob, made.valid, made.scale, params)
    got = as_dictionary(collapse_stc(made, params))
    assert len({id_ for _, id_ in expected}) > 5
    assert got.keys() == expected.keys()
    # Simplifying at a tolerance that is met exactly may go either way.
    differ = [key for key in got if not np.array_equal(got[key], expected[key])]
    assert len(differ) <= 0.02 * len(got)


@pytest.mark.parametrize("rules", ["current", "2020"])
def test_threads_change_nothing(rules):
    made = cube(3, np.uint8)
    before = get_num_threads()
    results = []
    for threads in (1, 2):
        set_num_threads(threads)
        results.append(collapse_stc(made, StcParams(rules=rules)))
    set_num_threads(before)
    one, two = results
    assert len(one) > 50
    assert np.array_equal(one.ids, two.ids)
    assert all(map(np.array_equal, one.footprints.arrays[:3], two.footprints.arrays[:3]))


def test_masks_at_native_resolution_are_the_same():
    made = cube(4, np.uint8)
    small = Cube.from_arrays(
        made.prob, months=made.months, valid=made.valid[:, ::3, ::3].copy(), scale=3
    )
    one, other = collapse_stc(made), collapse_stc(small)
    assert np.array_equal(one.ids, other.ids)
    assert np.array_equal(one.footprints.coords, other.footprints.coords)


@pytest.mark.parametrize("width", [0.25, 0.5, 0.8, 1.0, 1.5])
def test_regions_grow_as_in_shapely(width):
    rng = np.random.default_rng(1)
    mask = (ndi.gaussian_filter(rng.normal(size=(150, 150)), 1.5) > 0.02).astype(float)
    params = StcParams(min_area=12, polygon_buffer=width)
    got = Footprints(*_core.stc_regions(mask, 0.5, 0.5, params)[0]).to_shapely()
    found = polygonize((mask > 0.5).astype(np.uint8)).to_shapely()
    grown = shapely.buffer(found, width, quad_segs=16)
    grown = grown[shapely.area(grown) >= params.min_area]
    expected = shapely.simplify(shapely.polygons(shapely.get_exterior_ring(grown)), 0.5)
    assert len(got) == len(expected) > 40
    assert shapely.is_valid(got).all()
    assert (shapely.area(shapely.symmetric_difference(got, expected)) < 1e-6).all()
    # Starts of rings differ where edges are shorter than the buffer is wide.
    starts = [
        one.exterior.coords[0] == other.exterior.coords[0]
        for one, other in zip(got, expected, strict=True)
    ]
    assert np.mean(starts) >= (1 if width <= 1 else 0.9)
