"""Persistent identifiers for the predicted months."""

import numpy as np
import pytest

from contender import Contender
from reference import vectorised
from sn7fast import track

pytestmark = pytest.mark.benchmark(group="track")


@pytest.fixture(scope="module")
def rival(proposal):
    months = [(month, frame.to_shapely()) for month, frame in proposal.frames()]
    return Contender("shapely STRtree + numpy", lambda: vectorised.track(months))


def test_sn7fast(ours, proposal, rival):
    ids, iou = np.empty(len(proposal), np.int64), np.empty(len(proposal))
    for month in rival.answer:
        rows = np.arange(len(proposal))[proposal.rows(month["name"])][month["order"]]
        ids[rows], iou[rows] = month["Id"], month["iou_score"]

    def check(tracked):
        assert np.array_equal(tracked.ids, ids)
        assert np.allclose(tracked.iou, iou, rtol=1e-12, atol=0)

    ours(lambda: track(proposal), check)


def test_shapely(race, rival, proposal):
    assert sum(len(month["Id"]) for month in rival.answer) == len(proposal)
    race(rival)
