"""From the probabilities of each month to footprints, for methods that follow footprints."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from sn7fast._arguments import number_from_zero
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.polygonize import polygonize_frames
from sn7fast.postprocess.ranges import Choice, Real, Space
from sn7fast.separate import SeparateParams, separate
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.cube import Cube


@dataclass(frozen=True, slots=True)
class Refinement:
    """Each month drawn towards the mean of all; see `sn7fast.refine`.

    Attributes:
        weight: Share of the mean, from 0 to 1.
    """

    weight: float = 0.25

    def __post_init__(self) -> None:
        if number_from_zero("weight", self.weight) > 1:
            raise InputError(f"weight: got {self.weight}, wanted a number from 0 to 1")


REFINE_SPACE: Space = {"weight": Real(0.0, 0.9)}


@dataclass(frozen=True, slots=True)
class Threshold:
    """What is above a threshold in a month is a footprint, each connected region one.

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


def _in_image_px(params: SeparateParams, scale: float) -> SeparateParams:
    """Parameters whose areas were in pixels of frames enlarged by ``scale``."""
    return replace(
        params,
        min_seed_px=params.min_seed_px / scale**2,
        min_area_px=params.min_area_px / scale**2,
    )


THRESHOLD_SPACE: Space = {"threshold": Real(0.1, 0.9), "min_area_px": Real(0.0, 16.0)}
SEPARATE_SPACE: Space = {
    "seed_threshold": Real(0.3, 0.95),
    "mask_threshold": Real(0.1, 0.7),
    "min_seed_px": Real(0.0, 8.0),
    "min_area_px": Real(0.0, 16.0),
    "lines": Choice((False, True)),
}
# Published at 1, 4, 3 and 1 pixels along one of the image.
SEPARATE_PRESETS = {
    name: _in_image_px(SeparateParams.preset(name), scale)
    for name, scale in (("motokimura", 1), ("cannab", 4), ("selim_sef", 3), ("maksimov", 1))
}


def segment(cube: Cube, how: Threshold | SeparateParams, aoi: str) -> Stack:
    """Footprints of all months in pixels of the image, without ids."""
    stack = _regions(cube, how, aoi) if isinstance(how, Threshold) else _parts(cube, how, aoi)
    if cube.scale == 1:
        return stack
    coords, rings, polygons, several = stack.footprints.arrays
    return replace(stack, footprints=Footprints(coords / cube.scale, rings, polygons, several))


def _regions(cube: Cube, threshold: Threshold, aoi: str) -> Stack:
    most = 255 if cube.prob.dtype == np.uint8 else 1
    return polygonize_frames(
        cube,  # type: ignore[arg-type]
        aoi=aoi,
        threshold=threshold.threshold * most,
        min_area_px=threshold.min_area_px * cube.scale**2,
        connectivity=threshold.connectivity,
    )


def _parts(cube: Cube, params: SeparateParams, aoi: str) -> Stack:
    """Areas of the parameters are in pixels of the image."""
    params = _in_image_px(params, 1 / cube.scale)
    valid = cube.valid_pixels()
    frames = []
    for index, body in enumerate(cube.prob):
        if valid is not None:
            body = np.where(valid[index], body, body.dtype.type(0))
        frames.append(separate(body, params=params))
    return Stack.from_frames(frames, months=cube.months, aoi=aoi, grid=cube.grid)


def seen(cube: Cube) -> NDArray[np.bool_] | None:
    """Valid pixels at the scale of the image: those whose parts are all valid."""
    if cube.valid is None or cube.scale == 1 or cube.valid.shape != cube.prob.shape:
        return cube.valid
    months, rows, columns = cube.valid.shape
    shape = (months, rows // cube.scale, cube.scale, columns // cube.scale, cube.scale)
    whole: NDArray[np.bool_] = np.all(cube.valid.reshape(shape), axis=(2, 4))
    return whole
