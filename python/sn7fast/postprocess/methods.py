"""The ways from probabilities to tracked buildings, by name.

A method is an entry of `METHODS`: what its parameters are (a dataclass, which holds their defaults
and checks them), how it is run, and within which ranges a search tries them. Nothing else knows
the methods one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from sn7fast._arguments import number_from_zero
from sn7fast.errors import InputError
from sn7fast.filters import PRESETS, FilterParams
from sn7fast.footprints import Footprints
from sn7fast.polygonize import polygonize_frames
from sn7fast.postprocess.ranges import Choice, Range, Real, Whole
from sn7fast.stc import StcParams, collapse_stc
from sn7fast.tracking import track

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.cube import Cube
    from sn7fast.postprocess.config import PostProcessing
    from sn7fast.stack import Stack

Space: TypeAlias = Mapping[str, Range]

_STC_SCALE = 3


@dataclass(frozen=True, slots=True)
class Segmentation:
    """From probabilities to footprints, month by month.

    Attributes:
        threshold: A pixel is building if its probability, from 0 to 1, is above.
        min_area_px: Smaller footprints are dropped, in px2 of the image.
        connectivity: 4 or 8, as in `sn7fast.polygonize`.
    """

    threshold: float = 0.5
    min_area_px: float = 4.0
    connectivity: Literal[4, 8] = 4

    def __post_init__(self) -> None:
        if not 0 <= number_from_zero("threshold", self.threshold) < 1:
            raise InputError(f"threshold: got {self.threshold}, wanted a probability below 1")
        number_from_zero("min_area_px", self.min_area_px)


SEGMENT_SPACE: Space = {"threshold": Real(0.1, 0.9), "min_area_px": Real(0.0, 16.0)}


@dataclass(frozen=True, slots=True)
class BaselineParams:
    """The tracker of the SpaceNet 7 baseline; see `sn7fast.track`."""

    min_iou: float = 0.25
    master: Literal["first", "latest"] = "first"
    reverse: bool = False


def segment(cube: Cube, segmentation: Segmentation, aoi: str) -> Stack:
    """Footprints of all months in pixels of the image, without ids."""
    most = 255 if cube.prob.dtype == np.uint8 else 1
    stack = polygonize_frames(
        cube,  # type: ignore[arg-type]
        aoi=aoi,
        threshold=segmentation.threshold * most,
        min_area_px=segmentation.min_area_px * cube.scale**2,
        connectivity=segmentation.connectivity,
    )
    if cube.scale == 1:
        return stack
    shapes = stack.footprints
    coords = shapes.coords / cube.scale
    return replace(
        stack, footprints=Footprints(coords, shapes.ring_offsets, shapes.polygon_offsets)
    )


@dataclass(frozen=True, slots=True)
class Method:
    """One way from probabilities to tracked buildings.

    Attributes:
        default: Its parameters, a dataclass; the class checks them.
        space: Range of each of its parameters that a search varies.
        run: From a cube and the name of the area to a stack with ids in pixels of the image.
        segments: Whether it starts from the footprints of `segment`.
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
        segment(cube, settings.segment or Segmentation(), aoi),
        min_iou=params.min_iou,
        reverse=params.reverse,
        master=params.master,
    )


def _filtered(cube: Cube, settings: PostProcessing, aoi: str) -> Stack:
    stack = segment(cube, settings.segment or Segmentation(), aoi)
    return track(stack, method="filtered", params=settings.params, valid=_seen(cube))


def _seen(cube: Cube) -> NDArray[np.bool_] | None:
    """Valid pixels at the scale of the image: those whose parts are all valid."""
    if cube.valid is None or cube.scale == 1:
        return cube.valid
    months, rows, columns = cube.valid.shape
    shape = (months, rows // cube.scale, cube.scale, columns // cube.scale, cube.scale)
    seen: NDArray[np.bool_] = np.all(cube.valid.reshape(shape), axis=(2, 4))
    return seen


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
    "stc": Method(
        StcParams(),
        STC_SPACE,
        _stc,
        presets={variant: StcParams(variant=variant) for variant in ("stc1", "stc2")},
    ),
}
