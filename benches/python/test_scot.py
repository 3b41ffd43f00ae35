"""SCOT of the predicted months against the labels."""

import pytest

import rivals
from contender import Contender
from reference import scot
from same_score import check_score, rows_of
from sn7fast import score_scot

pytestmark = pytest.mark.benchmark(group="scot")


@pytest.fixture(scope="module")
def rival(truth, proposal):
    sides = rows_of(truth), rows_of(proposal)
    return Contender(
        "shapely STRtree + scipy assignment",
        lambda: scot.one_aoi(*sides, match=rivals.match),
    )


def test_sn7fast(ours, truth, proposal, rival):
    ours(lambda: score_scot(truth, proposal), lambda score: check_score(score, rival.answer))


def test_shapely(race, rival, truth):
    months = rival.answer["months"]
    assert sum(month["tp"] + month["fn"] for month in months) == len(truth)
    race(rival)
