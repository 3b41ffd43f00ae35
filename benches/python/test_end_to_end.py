"""Masks of both sides to the score, in memory."""

import numpy as np
import pytest
import shapely

import inputs
import rivals
from contender import Contender
from reference import polygons, scot, vectorised
from same_score import check_score
from sn7fast import polygonize_frames, score_scot, track

pytestmark = pytest.mark.benchmark(group="end_to_end")


def sn7fast_job():
    chosen = inputs.choose()
    options = {"months": chosen.months, "min_area_px": inputs.MIN_AREA_PX}
    truth = track(polygonize_frames(chosen.truth_masks, **options))
    proposal = track(polygonize_frames(chosen.predicted_masks, **options))
    return score_scot(truth, proposal)


def rival_side(months, masks):
    frames = []
    for month, mask in zip(months, masks, strict=True):
        found = np.array(polygons.regions(mask > 0), object)
        frames.append((month, found[shapely.area(found) >= inputs.MIN_AREA_PX]))
    by_month = dict(frames)
    return [
        (tracked["name"], identifier, polygon)
        for tracked in vectorised.track(frames)
        for identifier, polygon in zip(
            tracked["Id"].tolist(), by_month[tracked["name"]][tracked["order"]], strict=True
        )
    ]


def rival_job():
    chosen = inputs.choose()
    sides = [
        rival_side(chosen.months, masks) for masks in (chosen.truth_masks, chosen.predicted_masks)
    ]
    return scot.one_aoi(*sides, match=rivals.match)


@pytest.fixture(scope="module")
def rival():
    return Contender("rasterio + shapely + scipy", rival_job)


def test_sn7fast(ours, rival):
    ours(sn7fast_job, lambda score: check_score(score, rival.answer))


def test_rival(race, rival):
    assert len(rival.answer["months"]) == len(inputs.choose().months)
    race(rival)
