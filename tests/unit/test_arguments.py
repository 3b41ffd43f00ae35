"""Numbers that are none, or out of range, are refused by name."""

import numpy as np
import pytest

from sn7fast import (
    Footprints,
    match_footprints,
    polygonize,
    polygonize_frames,
    score_f1,
    score_scot,
    track,
)
from sn7fast.errors import GeometryError, InputError, StackError

STACK = polygonize_frames(np.ones((2, 3, 3), np.uint8), months=["2020_01", "2020_02"], aoi="a")
TRACKS = track(STACK)
MASK = np.ones((3, 3), np.uint8)
CALLS = {
    "threshold": lambda value: polygonize(MASK, threshold=value),
    "min_area_px": lambda value: polygonize(MASK, min_area_px=value),
    "threshold of frames": lambda value: polygonize_frames([MASK], months=["m"], threshold=value),
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


# None is no least IoU of a tracker's own: it means that of the method.
NO_NUMBERS = [
    (name, value)
    for name in CALLS
    for value in ("half", None, float("nan"))
    if (name, value) != ("min_iou", None)
]


@pytest.mark.parametrize(("name", "value"), NO_NUMBERS)
def test_no_number(name, value):
    with pytest.raises(InputError, match=rf"{name.split()[0]}: got .*, wanted a number"):
        CALLS[name](value)


@pytest.mark.parametrize("name", ["beta", "base_reward", "truth_min_area_px"])
def test_negative(name):
    with pytest.raises(InputError, match=f"{name}: got -1, wanted a number from 0"):
        CALLS[name](-1)


def test_frames_without_the_name_of_an_area():
    with pytest.raises(StackError, match=r"^frames: got 1 frames for 2 months"):
        polygonize_frames([MASK], months=["m1", "m2"])
    with pytest.raises(StackError, match=r"^frames: month m2 has shape \(2, 3\)"):
        polygonize_frames([MASK, MASK[:2]], months=["m1", "m2"])


def test_no_geometry():
    with pytest.raises(GeometryError, match="geometry 1: got 'POINT', wanted a Polygon"):
        Footprints.from_shapely([None, "POINT"])
