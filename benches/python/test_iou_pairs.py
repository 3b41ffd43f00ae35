"""IoU of all overlapping pairs of two months of about 9,000 buildings."""

import numpy as np
import pytest

from contender import Contender
from reference import vectorised
from sn7fast import iou_pairs


def sets(truth, proposal, row):
    last = truth.frame(truth.months[-1])
    if row == "iou_pairs":
        return last, truth.frame(truth.months[0])
    return last, proposal.frame(proposal.months[-1])


@pytest.fixture(scope="module", params=["iou_pairs", "iou_pairs_proposal"])
def case(request, truth, proposal):
    a, b = sets(truth, proposal, request.param)
    shapes = a.to_shapely(), b.to_shapely()
    rival = Contender("shapely STRtree + intersection", lambda: vectorised.iou_pairs(*shapes))
    return request.param, a, b, rival


@pytest.fixture
def benchmark(benchmark, case):
    benchmark.group = case[0]
    return benchmark


def test_sn7fast(ours, case):
    _, a, b, rival = case
    i, j, iou = rival.answer
    overlap = iou > 0  # the rival lists pairs that only touch, too
    assert overlap.sum() > 1000

    def check(found):
        assert np.array_equal(found[0], i[overlap])
        assert np.array_equal(found[1], j[overlap])
        assert np.allclose(found[2], iou[overlap], rtol=1e-12, atol=0)

    ours(lambda: iou_pairs(a, b), check)


def test_shapely(race, case):
    race(case[3])
