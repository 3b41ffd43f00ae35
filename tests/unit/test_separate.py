"""Separating touching buildings of one frame."""

import numpy as np
import pytest

from sn7fast import Footprints, SeparateParams, rasterize, separate
from sn7fast.errors import InputError

LEFT, RIGHT = np.s_[4:16, 3:12], np.s_[4:16, 12:23]


def channels(dtype=np.float32):
    """Two houses wall to wall: body, boundary, contact."""
    full = np.zeros((20, 26), dtype)
    high = 1.0 if dtype == np.float32 else 255
    body, boundary, contact = full.copy(), full.copy(), full.copy()
    body[4:16, 3:23] = high
    contact[4:16, 11:13] = high
    boundary[3, 2:24] = boundary[16, 2:24] = high
    return body, boundary, contact


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_two_houses_wall_to_wall_come_apart(dtype):
    params = SeparateParams.preset("cannab")
    found = separate(*channels(dtype), params=params)
    assert found.areas.tolist() == [9 * 12, 11 * 12] or found.areas.sum() == 20 * 12
    assert len(found) == 2
    shown = rasterize(found, (20, 26))
    assert np.array_equal(shown > 0, channels()[0] > 0)


def test_lines_keep_them_apart():
    found = separate(*channels(), params=SeparateParams(field="body"))
    assert len(found) == 2
    left, right = found.bounds
    assert left[2] + 1 == right[0]


def test_without_channels_there_is_one():
    assert separate(channels()[0]).areas.tolist() == [20 * 12]


def test_seeds_and_footprints_that_are_too_small_are_left_out():
    body = channels()[0]
    body[18, 1:3] = 1
    assert len(separate(body, params=SeparateParams(min_area_px=2))) == 2
    assert len(separate(body, params=SeparateParams(min_area_px=2.5))) == 1
    assert len(separate(body, params=SeparateParams(min_area_px=0, min_seed_px=3))) == 1


def test_corners_join_by_the_connectivity_of_seeds():
    body = np.zeros((6, 6), np.float32)
    body[1:3, 1:3] = body[3:5, 3:5] = 1
    params = {"min_area_px": 0, "lines": False}
    joined = separate(body, params=SeparateParams(**params))
    assert joined.footprint_offsets.tolist() == [0, 2]
    assert len(separate(body, params=SeparateParams(seed_connectivity=4, **params))) == 2


def test_nothing_is_no_footprint():
    for body in (np.zeros((4, 4), np.uint8), np.zeros((0, 4), np.float32)):
        assert isinstance(separate(body), Footprints)
        assert len(separate(body)) == 0
    assert len(separate(np.full((4, 4), np.nan, np.float32))) == 0


def test_presets_are_the_published_ones():
    params = SeparateParams.preset("motokimura")
    assert params == SeparateParams()
    assert SeparateParams.preset("selim_sef").min_area_px == 55
    assert SeparateParams.preset("maksimov").seed_threshold == 0.7
    with pytest.raises(InputError, match="preset: got 'nobody', wanted one of motokimura, cannab"):
        SeparateParams.preset("nobody")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"boundary_weight": 1.5}, "boundary_weight: got 1.5, wanted a number from 0 to 1"),
        ({"contact_weight": float("nan")}, "contact_weight: got NaN, wanted a number from 0 to 1"),
        ({"seed_threshold": -1}, "seed_threshold: got -1, wanted a number from 0"),
        ({"seed_connectivity": 6}, "seed_connectivity: got 6, wanted 4 or 8"),
        ({"field": "both"}, 'field: got "both", wanted "score" or "body"'),
        ({"min_area_px": "few"}, "min_area_px: got 'few', wanted a number"),
    ],
)
def test_bad_parameters_are_named(params, message):
    with pytest.raises(InputError, match=message):
        SeparateParams(**params)


def test_bad_channels_are_named():
    body, boundary, contact = channels()
    with pytest.raises(InputError, match="body: got float64 of shape"):
        separate(body.astype(float))
    with pytest.raises(InputError, match="contact: got uint8, wanted float32 as the body"):
        separate(body, boundary, contact.astype(np.uint8))
    with pytest.raises(InputError, match=r"boundary: got shape \[5, 26\], wanted \[20, 26\]"):
        separate(body, boundary[:5])
