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
from sn7fast.footprints import Footprints
from sn7fast.polygonize import polygonize_frames
from sn7fast.postprocess.ranges import Choice, Range, Real
from sn7fast.tracking import track

if TYPE_CHECKING:
    from sn7fast.cube import Cube
    from sn7fast.postprocess.config import PostProcessing
    from sn7fast.stack import Stack

Space: TypeAlias = Mapping[str, Range]


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
        params: Dataclass of its parameters.
        space: Range of each of its parameters that a search varies.
        run: From a cube and the name of the area to a stack with ids in pixels of the image.
        segments: Whether it starts from the footprints of `segment`.
        presets: Parameters by the name of who published them.
    """

    params: type[Any]
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


METHODS: dict[str, Method] = {
    "baseline": Method(
        BaselineParams,
        {"min_iou": Real(0.02, 0.7), "master": Choice(("first", "latest"))},
        _baseline,
        segments=True,
    ),
}
