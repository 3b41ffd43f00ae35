"""Numbers that are none, or out of range, are refused by name."""

import numpy as np
import pytest

from sn7fast import match_footprints, polygonize_frames, score_f1, score_scot, track
from sn7fast.errors import InputError

STACK = polygonize_frames(np.ones((2, 3, 3), np.uint8), months=["2020_01", "2020_02"], aoi="a")
TRACKS = track(STACK)
CALLS = {
    "min_iou": lambda value: track(STACK, min_iou=value),
    "iou_threshold of F1": lambda value: score_f1(STACK, STACK, iou_threshold=value),
    "iou_threshold of pairs": lambda value: match_footprints(
        STACK.footprints, STACK.footprints, iou_threshold=value
    ),
    "iou_threshold": lambda value: score_scot(TRACKS, TRACKS, iou_threshold=value),
    "beta": lambda value: score_scot(TRACKS, TRACKS, beta=value),
    "base_reward": lambda value: score_scot(TRACKS, TRACKS, base_reward=value),
    "truth_min_area_px": lambda value: score_scot(TRACKS, TRACKS, truth_min_area_px=value),
}


@pytest.mark.parametrize("value", ["half", None, float("nan")])
@pytest.mark.parametrize("name", CALLS)
def test_no_number(name, value):
    with pytest.raises(InputError, match=rf"{name.split()[0]}: got .*, wanted a number"):
        CALLS[name](value)


@pytest.mark.parametrize("name", ["beta", "base_reward", "truth_min_area_px"])
def test_negative(name):
    with pytest.raises(InputError, match=f"{name}: got -1, wanted a number from 0"):
        CALLS[name](-1)
