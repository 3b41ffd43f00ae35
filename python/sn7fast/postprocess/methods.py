"""The ways from probabilities to tracked buildings, by name.

A method is an entry of `METHODS`: what its parameters are (a dataclass, which holds their defaults
and checks them), how it is run, and within which ranges a search tries them. Nothing else knows
the methods one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from sn7fast.collapse import CollapseParams, collapse
from sn7fast.filters import PRESETS, FilterParams
from sn7fast.postprocess.ranges import Choice, Real, Space, Whole
from sn7fast.postprocess.segmentation import seen, segment
from sn7fast.stc import StcParams, collapse_stc
from sn7fast.tracking import track

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sn7fast.cube import Cube
    from sn7fast.postprocess.config import PostProcessing
    from sn7fast.stack import Stack

_STC_SCALE = 3


@dataclass(frozen=True, slots=True)
class BaselineParams:
    """The tracker of the SpaceNet 7 baseline; see `sn7fast.track`."""

    min_iou: float = 0.25
    master: Literal["first", "latest"] = "first"
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """One way from probabilities to tracked buildings.

    Attributes:
        default: Its parameters, a dataclass; the class checks them.
        space: Range of each of its parameters that a search varies.
        run: From a cube and the name of the area to a stack with ids in pixels of the image.
        segments: Whether it starts from the footprints of each month, as `segment` finds them.
        presets: Parameters by the name of who published them.
    """

    default: Any
    space: Space
    run: Callable[[Cube, PostProcessing, str], Stack]
    segments: bool = False
    presets: Mapping[str, Any] = field(default_factory=dict)


def _baseline(cube: Cube, settings: PostProcessing, aoi: str) -> Stack:
    params: BaselineParams = settings.params
    return track(
        segment(cube, settings.segmentation, aoi),
        min_iou=params.min_iou,
        reverse=params.reverse,
        master=params.master,
    )


def _filtered(cube: Cube, settings: PostProcessing, aoi: str) -> Stack:
    stack = segment(cube, settings.segmentation, aoi)
    return track(stack, method="filtered", params=settings.params, valid=seen(cube))


FILTER_SPACE: Space = {
    "min_iou": Real(0.02, 0.6),
    "shape_update_method": Choice(("none", "latest", "median_area")),
    "num_ahead_frames": Whole(0, 6),
    "min_iou_new_building": Real(0.05, 0.6),
    "max_area_occupied": Real(0.0, 1.0),
    "search_radius_pixel": Real(0.0, 20.0),
    "max_num_intersect_polys": Whole(0, 12),
    "min_share": Real(0.0, 0.5),
    "min_detections": Whole(1, 8),
    "min_ratio": Real(0.0, 0.9),
    "fill": Choice(("none", "between", "to_end")),
}


def _collapse(cube: Cube, settings: PostProcessing, aoi: str) -> Stack:
    return collapse(cube, settings.params, aoi=aoi)


COLLAPSE_SPACE: Space = {
    "max_shift_px": Real(0.0, 6.0),
    "min_mean": Real(0.1, 0.6),
    "min_mean_new": Real(0.2, 0.9),
    "min_rise": Real(0.2, 0.9),
    "min_gap": Real(0.02, 0.5),
    "min_core_px": Real(1.0, 8.0),
    "outline": Real(0.2, 0.8),
    "min_area_px": Real(1.0, 12.0),
    "min_months": Whole(1, 6),
    "max_contact": Real(0.0, 1.0),
    "birth": Real(0.001, 0.2, log=True),
    "death": Real(1e-5, 0.02, log=True),
    "never": Real(0.05, 0.8),
    "adapt": Real(0.0, 1.0),
}


def _stc(cube: Cube, settings: PostProcessing, aoi: str) -> Stack:
    """Areas and lengths of the settings are in pixels at scale 3, those of the winner."""
    params: StcParams = settings.params
    share = cube.scale / _STC_SCALE
    params = replace(
        params,
        distance=round(params.distance * share),
        min_area=params.min_area * share**2,
        polygon_buffer=params.polygon_buffer * share,
    )
    return collapse_stc(cube, params, aoi=aoi)


STC_SPACE: Space = {
    "variant": Choice(("stc1", "stc2")),
    "thres1": Real(0.02, 0.5),
    "thres2_h1": Real(0.45, 0.95),
    "thres2_l1": Real(0.1, 0.55),
    "thres2_h2": Real(0.45, 0.95),
    "thres2_l2": Real(0.1, 0.55),
    "thres3_1": Real(0.05, 0.8),
    "thres3_s": Real(0.1, 0.9),
    "thres3_d": Real(0.1, 0.9),
    "thres3_m": Real(0.1, 0.9),
    "distance": Whole(1, 9),
    "min_area": Real(2.0, 60.0, log=True),
}

METHODS: dict[str, Method] = {
    "baseline": Method(
        BaselineParams(),
        {"min_iou": Real(0.02, 0.7), "master": Choice(("first", "latest"))},
        _baseline,
        segments=True,
    ),
    "filtered": Method(
        PRESETS["motokimura"],
        FILTER_SPACE,
        _filtered,
        segments=True,
        presets={"off": FilterParams(), **PRESETS},
    ),
    "collapse": Method(CollapseParams(), COLLAPSE_SPACE, _collapse),
    "stc": Method(
        StcParams(),
        STC_SPACE,
        _stc,
        presets={variant: StcParams(variant=variant) for variant in ("stc1", "stc2")},
    ),
}
