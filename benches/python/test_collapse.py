"""Spatio-temporal collapse of 24 months, and the watershed in it, against the clean-room twin."""

import numpy as np
import pytest
from skimage.measure import label
from skimage.segmentation import watershed

import inputs
from contender import Contender
from reference import stc as reference
from sn7fast import StcParams, _core, collapse, collapse_stc

# The published values are for images enlarged 3 times.
PARAMS = {1: StcParams(min_area=3, distance=2), 3: StcParams()}


@pytest.fixture(scope="module", params=[1, 3], ids=["1x", "3x"])
def cube(request):
    return inputs.cube(request.param)


@pytest.fixture(scope="module")
def twin(cube):
    valid = None if cube.valid is None else cube.valid_pixels()
    return Contender(
        "numpy + skimage + shapely",
        lambda: reference.collapse(cube.prob, valid, cube.scale, PARAMS[cube.scale]),
    )


def group(cube, benchmark):
    benchmark.group = f"collapse_{cube.scale}x"


def test_collapse_sn7fast(ours, cube, twin, benchmark):
    group(cube, benchmark)

    def check(stack):
        rows = zip(stack.month_index.tolist(), stack.ids.tolist(), strict=True)
        # Same buildings in the same months; outlines are held against the twin in the tests.
        assert set(rows) == twin.answer.keys()
        assert len(stack) > 10_000

    ours(lambda: collapse_stc(cube, PARAMS[cube.scale]), check)


def test_collapse_twin(race, cube, twin, benchmark):
    group(cube, benchmark)
    assert len(twin.answer) > 10_000
    race(twin)


def test_collapse_default(ours, cube, benchmark):
    benchmark.group = f"collapse_default_{cube.scale}x"

    def check(stack):
        assert len(stack) > 10_000
        assert len(stack.buildings) == len(np.unique(stack.ids))

    ours(lambda: collapse(cube), check)


@pytest.fixture(scope="module")
def basin():
    """The mean image at 3x, the floor, and seeds."""
    cube, params = inputs.cube(3), PARAMS[3]
    mean = _core.stc_mean(list(cube.prob), None, params.thres1)
    peaks = _core.find_peaks(mean, params.thres2_l1, params.distance, True, None)
    seeds = label(peaks | (mean > params.thres2_h1), connectivity=1).astype(np.uint32)
    return mean, seeds, params.thres2_l1


@pytest.fixture(scope="module")
def skimage(basin):
    mean, seeds, floor = basin
    return Contender(
        "skimage.segmentation.watershed",
        lambda: watershed(-mean, seeds.astype(np.int32), mask=mean > floor, watershed_line=True),
    )


@pytest.mark.benchmark(group="watershed")
@pytest.mark.parametrize("raster_order", [False, True], ids=["exact", "raster order"])
def test_watershed_sn7fast(race, basin, skimage, raster_order):
    mean, seeds, floor = basin
    contender = Contender(
        "sn7fast" if not raster_order else "sn7fast, seeds in raster order",
        lambda: _core.watershed(mean, seeds, floor, True, True, raster_order),
    )
    if not raster_order:
        assert np.array_equal(contender.answer, skimage.answer)
    else:
        assert np.mean((contender.answer > 0) != (skimage.answer > 0)) < 1e-3
    # One frame is flooded by one thread.
    race(contender, threads=1)


@pytest.mark.benchmark(group="watershed")
def test_watershed_skimage(race, skimage):
    assert skimage.answer.max() > 1000
    race(skimage)
