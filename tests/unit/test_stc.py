"""Collapse of small cubes that can be looked through."""

import numpy as np
import pytest

from sn7fast import Cube
from sn7fast.errors import InputError
from sn7fast.stc import StcParams, collapse_stc

MONTHS = tuple(f"2020_{month:02}" for month in range(1, 7))


def cube(dtype=np.uint8, valid=None, scale=3):
    """A building that is always there and one that appears in the fourth month."""
    prob = np.zeros((6, 30, 60), dtype)
    high = 230 if dtype == np.uint8 else 0.9
    prob[:, 6:18, 6:21] = high
    prob[3:, 6:18, 33:51] = high
    return Cube.from_arrays(prob, months=MONTHS, valid=valid, scale=scale)


def shown(stack):
    """{id: months}"""
    found = {}
    for month, id_ in zip(stack.month_index.tolist(), stack.ids.tolist(), strict=True):
        found.setdefault(id_, []).append(month)
    return found


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("variant", ["stc1", "stc2"])
def test_one_building_stands_and_one_appears(dtype, variant):
    stack = collapse_stc(cube(dtype), StcParams(variant=variant), aoi="here")
    assert shown(stack) == {0: [3, 4, 5], 1: [0, 1, 2, 3, 4, 5]}
    assert (stack.aoi, stack.months) == ("here", MONTHS)
    assert np.allclose(stack.frame(MONTHS[0]).bounds, [[2, 2, 7, 6]])
    assert np.allclose(stack.frame(MONTHS[5]).bounds, [[11, 2, 17, 6], [2, 2, 7, 6]])


def test_scale_divides_coordinates():
    stack = collapse_stc(cube(scale=1))
    assert np.allclose(stack.frame(MONTHS[0]).bounds, [[6, 6, 21, 18]])


@pytest.mark.parametrize("blocks", [False, True])
def test_one_hidden_pixel_hides_the_month_unless_pixels_tell(blocks):
    valid = np.ones((6, 30, 60), bool)
    valid[1, 6:9, 6:9] = False
    valid[4] = False
    if blocks:
        valid = np.ascontiguousarray(valid[:, ::3, ::3])
    stack = collapse_stc(cube(valid=valid))
    assert shown(stack) == {0: [3, 5], 1: [0, 2, 3, 5]}
    stack = collapse_stc(cube(valid=valid), StcParams(hidden="pixels"))
    assert shown(stack) == {0: [3, 5], 1: [0, 1, 2, 3, 5]}


def test_all_hidden_or_empty_is_no_building():
    for made in (
        cube(valid=np.zeros((6, 30, 60), bool)),
        Cube.from_arrays(np.zeros((2, 5, 5), np.uint8), months=MONTHS[:2]),
        Cube.from_arrays(np.zeros((2, 0, 5), np.float32), months=MONTHS[:2]),
        Cube.from_arrays(np.full((2, 9, 9), np.nan, np.float32), months=MONTHS[:2]),
    ):
        stack = collapse_stc(made)
        assert len(stack) == 0
        assert stack.months == made.months
        assert stack.ids.dtype == np.int64


def test_one_month_has_no_change():
    prob = np.full((1, 12, 12), 200, np.uint8)
    stack = collapse_stc(Cube.from_arrays(prob, months=["2020_01"], scale=3))
    assert shown(stack) == {0: [0]}


def test_a_cube_without_frames_is_refused():
    with pytest.raises(InputError, match="cube: got no frames, wanted at least one month"):
        collapse_stc(Cube.from_arrays(np.zeros((0, 4, 4), np.uint8), months=[]))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"thres1": -0.1}, "thres1: got -0.1, wanted a number from 0"),
        ({"thres3_d": float("nan")}, "thres3_d: got NaN, wanted a number from 0"),
        ({"min_area": float("inf")}, "min_area: got inf, wanted a number from 0"),
        ({"thres2_h1": 0.3}, "thres2_h1: got 0.3, wanted at least thres2_l1, which is 0.4"),
        ({"thres2_l2": 0.7}, "thres2_h2: got 0.6, wanted at least thres2_l2, which is 0.7"),
        ({"margin": "wide"}, "margin: got 'wide', wanted a number"),
        ({"distance": -1}, "distance: got -1, wanted a whole number from 0 to 32767"),
        ({"distance": 2.5}, "distance: got 2.5, wanted a whole number"),
        ({"variant": "stc3"}, 'variant: got "stc3", wanted "stc1" or "stc2"'),
        ({"rules": 2020}, "rules: got 2020, wanted a name"),
        ({"hidden": "no"}, 'hidden: got "no", wanted "month" or "pixels"'),
    ],
)
def test_bad_parameters_are_named(params, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        StcParams(**params)
