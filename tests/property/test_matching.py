"""One-to-one matching against scipy on the full matrix and against choosing one by one."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from scenes import array_of, boxes, footprints, seeds, stars
from sn7fast import iou_pairs, match_footprints

thresholds = st.sampled_from([-1.0, 0.0, 0.1, 0.25, 0.5, 0.999, 1.0])
counts = st.integers(0, 16)


@st.composite
def sides(draw):
    """Two sets; boxes in a small field overlap a lot and tie a lot, in components of all sizes."""
    random = draw(seeds())
    make, field = draw(
        st.sampled_from([(boxes, 4), (boxes, 8), (boxes, 16), (stars, 6.0), (stars, 30.0)])
    )
    return [footprints(make(random, draw(counts), field=field)) for _ in range(2)]


def matrix(a, b, threshold):
    i, j, iou = iou_pairs(a, b)
    keep = iou > threshold
    dense = np.zeros((len(a), len(b)))
    dense[i[keep], j[keep]] = iou[keep]
    return dense


def check_promises(found, iou, threshold):
    a, b = found.index_a, found.index_b
    assert len(np.unique(a)) == len(np.unique(b)) == len(a) == len(found)
    assert (np.diff(a) > 0).all()
    assert (found.iou == iou[a, b]).all()
    assert (found.iou > threshold).all()
    assert sorted([*a, *found.unmatched_a]) == list(range(iou.shape[0]))
    assert sorted([*b, *found.unmatched_b]) == list(range(iou.shape[1]))
    assert (np.diff(found.unmatched_a) > 0).all()
    assert (np.diff(found.unmatched_b) > 0).all()


@given(sides(), thresholds)
def test_optimal_total_is_that_of_scipy_on_the_full_matrix(both, threshold):
    a, b = both
    iou = matrix(a, b, threshold)
    found = match_footprints(a, b, iou_threshold=threshold)
    check_promises(found, iou, threshold)
    reward = np.where(iou > 0, 100 + iou, 0)
    rows, columns = linear_sum_assignment(reward, maximize=True)
    assert (100 + found.iou).sum() == pytest.approx(reward[rows, columns].sum(), abs=1e-9)
    assert len(found) == (reward[rows, columns] > 0).sum()


@given(sides(), thresholds)
def test_optimal_does_not_depend_on_the_side(both, threshold):
    a, b = both
    one = match_footprints(a, b, iou_threshold=threshold)
    other = match_footprints(b, a, iou_threshold=threshold)
    assert len(one) == len(other)
    assert one.iou.sum() == pytest.approx(other.iou.sum(), abs=1e-9)


@given(sides(), thresholds)
def test_greedy_takes_the_best_pair_that_is_left(both, threshold):
    a, b = both
    iou = matrix(a, b, threshold)
    found = match_footprints(a, b, iou_threshold=threshold, rule="greedy")
    check_promises(found, iou, threshold)
    left, wanted = iou.copy(), []
    while left.max(initial=0) > 0:
        # argmax gives the first in order of rows, then columns.
        pair = np.unravel_index(left.argmax(), left.shape)
        wanted.append(pair)
        left[pair[0]] = left[:, pair[1]] = 0
    assert sorted(wanted) == list(zip(found.index_a, found.index_b, strict=True))


@given(sides(), thresholds, seeds())
def test_permuting_rows_keeps_number_and_sum(both, threshold, random):
    a, b = both
    one = match_footprints(a, b, iou_threshold=threshold)
    mixed = [side[random.permutation(len(side))] for side in both]
    other = match_footprints(*mixed, iou_threshold=threshold)
    assert len(one) == len(other)
    assert one.iou.sum() == pytest.approx(other.iou.sum(), abs=1e-9)


@given(sides(), thresholds)
def test_greedy_is_at_most_optimal(both, threshold):
    greedy, optimal = (
        match_footprints(*both, iou_threshold=threshold, rule=rule)
        for rule in ("greedy", "optimal")
    )
    assert len(greedy) <= len(optimal)
    # A maximal set of pairs has at least half as many as the largest.
    assert 2 * len(greedy) >= len(optimal)


@given(seeds(), st.integers(1, 40))
def test_each_footprint_matches_itself(random, count):
    shapes = stars(random, count, field=20.0)
    found = match_footprints(footprints(shapes), footprints(shapes), iou_threshold=0.99)
    i, j = found.index_a, found.index_b
    assert len(found) == count
    assert (shapely.area(array_of(shapes))[i] == shapely.area(array_of(shapes))[j]).all()


@given(st.integers(1, 60), st.integers(1, 60))
def test_many_on_one_spot(count, other_count):
    """One component in which every pair is worth the same."""
    box = shapely.box(0, 0, 3, 3)
    found = match_footprints(footprints([box] * count), footprints([box] * other_count))
    assert len(found) == min(count, other_count)
    assert (found.iou == 1).all()
