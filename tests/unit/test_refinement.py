"""Temporal refinement of probabilities."""

import numpy as np
import pytest

from sn7fast import Cube, refine
from sn7fast.errors import InputError

MONTHS = ("2018_01", "2018_02", "2018_03", "2018_04")


def cube(values, valid=None):
    prob = np.asarray(values).reshape(4, 1, 1)
    valid = None if valid is None else np.asarray(valid, bool).reshape(4, 1, 1)
    return Cube.from_arrays(prob, months=MONTHS, valid=valid)


def test_bytes_are_drawn_to_their_mean():
    refined = refine(cube(np.array([0, 200, 200, 200], np.uint8)))
    # Mean 150: 0.75 * 0 + 0.25 * 150 = 37.5, rounded to even; 0.75 * 200 + 37.5 = 187.5.
    assert refined.prob.ravel().tolist() == [38, 188, 188, 188]
    assert refined.months == MONTHS


def test_hidden_months_neither_count_nor_show():
    given = cube(np.array([0.8, 0.2, 0.6, 0.9], np.float32), [1, 0, 1, 0])
    refined = refine(given, weight=0.5)
    assert refined.prob.ravel() == pytest.approx([0.75, 0, 0.65, 0], abs=1e-6)
    unknown = np.array([0.8, np.nan, 0.6, np.nan], np.float32)
    assert np.array_equal(refine(cube(unknown), weight=0.5).prob, refined.prob)


def test_clouds_at_the_scale_of_the_image():
    prob = np.full((4, 2, 4), 100, np.uint8)
    valid = np.ones((4, 1, 2), bool)
    valid[0, 0, 1] = False
    refined = refine(Cube.from_arrays(prob, months=MONTHS, valid=valid, scale=2))
    assert refined.prob[0].tolist() == [[100, 100, 0, 0]] * 2
    assert (refined.prob[1:] == 100).all()


def test_all_or_nothing_of_the_mean():
    values = np.array([10, 20, 60, 110], np.uint8)
    assert refine(cube(values), weight=0).prob.ravel().tolist() == values.tolist()
    assert refine(cube(values), weight=1).prob.ravel().tolist() == [50] * 4


def test_in_place():
    given = cube(np.array([10, 20, 60, 110], np.uint8))
    refined = refine(given, weight=1, out=given.prob)
    assert refined.prob is given.prob
    assert given.prob.ravel().tolist() == [50] * 4


def test_what_cannot_be():
    given = cube(np.zeros(4, np.uint8))
    for weight in (-0.1, 1.1, float("nan"), "much"):
        with pytest.raises(InputError, match="weight: got"):
            refine(given, weight=weight)
    with pytest.raises(InputError, match="out: got float32"):
        refine(given, out=np.zeros((4, 1, 1), np.float32))
    with pytest.raises(InputError, match="no frames"):
        refine(Cube.from_arrays(np.zeros((0, 2, 2), np.uint8), months=[]))
