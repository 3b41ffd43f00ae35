"""What the methods are compared on: real predictions, and real labels made worse."""

from functools import cache

import numpy as np

from methods import MIN_IOU, Scene
from reference.real_stack import AOI, masks
from shared_folder import ABSENT, find_shared
from sn7fast import track
from sn7fast.data.degrade import degrade

LABELLED = ("L15-0358E-1220N_1433_3310_13", AOI)


def _real(kind, aoi):
    shared = find_shared()
    if shared is None:
        raise SystemExit(ABSENT)
    return masks(shared / "data" / "real" / kind / aoi)


@cache
def labels(aoi, months=None):
    """Scene of the label masks, of all months or of some."""
    frames = _real("sn7-label-stack", aoi)
    months = months or tuple(sorted(frames))
    cube = np.where(np.stack([frames[month] for month in months]), np.uint8(255), np.uint8(0))
    return Scene(aoi, months, cube, np.ones(cube.shape, bool))


@cache
def truth(aoi, months=None):
    """The labels with the ids of tracking them: masks have none of their own."""
    return track(labels(aoi, months).footprints(), min_iou=MIN_IOU)


def predicted():
    """(truth, scene): a network's masks of AOI 0368E, in the 19 months that have them."""
    frames = _real("sn7-pred-stack", AOI)
    months = tuple(sorted(frames))
    cube = np.where(np.stack([frames[month] for month in months]), np.uint8(255), np.uint8(0))
    return truth(AOI, months), Scene(AOI, months, cube, np.ones(cube.shape, bool))


def degraded(aoi, seed, strength):
    """(truth, scene): all label months of an AOI made worse."""
    clean = labels(aoi)
    seen = degrade(truth(aoi), seed=seed, strength=strength, shape_yx=clean.masks.shape[1:])
    return truth(aoi), Scene(aoi, clean.months, seen.masks, seen.valid)
