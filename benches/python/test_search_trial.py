"""One trial of a search: from the predicted masks of all months to the score."""

import pytest

import inputs
from sn7fast import Cube, polygonize_frames, score_scot, track
from sn7fast.postprocess import PostProcessing
from sn7fast.search import Objective, Sample

pytestmark = pytest.mark.benchmark(group="search_trial")


def test_sn7fast(ours, truth):
    chosen = inputs.choose()
    cube = Cube.from_arrays(chosen.predicted_masks, months=chosen.months)
    sample, objective, settings = (
        Sample(truth.aoi, cube, truth),
        Objective(),
        PostProcessing("baseline"),
    )
    proposal = track(polygonize_frames(cube, threshold=127.5, min_area_px=inputs.MIN_AREA_PX))
    wanted = score_scot(truth, proposal, truth_min_area_px=4).score

    def check(scores):
        assert scores["scot"] == wanted

    ours(lambda: objective.scores(sample, settings), check)
