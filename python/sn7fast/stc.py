"""Spatio-temporal collapse of the SpaceNet 7 winner: STC-1 and STC-2."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import numpy as np

from sn7fast import _core
from sn7fast._arguments import real_number, whole_number
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.cube import Cube


@dataclass(frozen=True, slots=True, kw_only=True)
class StcParams:
    """Parameters of :func:`collapse_stc`, under the winner's names and with its values.

    Areas and distances are in pixels of the probabilities; the values are meant for images
    enlarged 3 times. S is the temporal mean, T the series of a candidate's scores.

    Attributes:
        variant: ``stc2``, two passes of candidates, or ``stc1``, one, with the first thresholds.
        rules: Peak finder and watershed of scikit-image: ``current`` (since 0.19), or ``2020``
            (0.17), which the winner ran.
        hidden: ``month``: one hidden pixel hides a candidate for the month, as in the original.
            ``pixels``: its visible pixels tell for all.
        labels_8bit: Lose every 256th region, as the original does, which keeps labels in 8 bits.
        thres1: Probabilities above it enter the temporal mean (alpha).
        thres2_h1: S above it is a seed of a building that appears (beta_h of pass A).
        thres2_l1: S above it is part of a building that appears (beta_l of pass A).
        thres2_h2: The same for buildings that were always there (beta_h of pass B).
        thres2_l2: The same for buildings that were always there (beta_l of pass B).
        thres3_1: A building that appears stands from the first month on if T there is above it.
        thres3_s: Else from the first month on in which T is above this share of its maximum
            (gamma_s).
        thres3_d: A candidate appears if the mean of T rises by more than this from the months up
            to some month to those after it (gamma_d). Only rises count.
        thres3_i: Once it stands, a building that appears is shown in months with T above it.
        thres3_m: One that does not appear is shown in all visible months if the mean of T over
            them is above it (gamma_m), else in none.
        margin: Growth of buildings that appear, in roots of their area, before candidates of pass
            B that overlap them are dropped.
        distance: Reach of a peak in rows and columns: the window is 2 * distance + 1 wide.
        min_area: Candidates with fewer pixels are dropped.
        polygon_buffer: Growth of candidates before that, by a round buffer.

    Raises:
        InputError: A number is negative, infinite or NaN, ``thres2_l1`` is above ``thres2_h1`` or
            ``thres2_l2`` above ``thres2_h2``, or a choice is none of its names.
    """

    variant: Literal["stc1", "stc2"] = "stc2"
    rules: Literal["current", "2020"] = "current"
    hidden: Literal["month", "pixels"] = "month"
    labels_8bit: bool = False
    thres1: float = 0.1
    thres2_h1: float = 0.6
    thres2_l1: float = 0.4
    thres2_h2: float = 0.6
    thres2_l2: float = 0.35
    thres3_1: float = 0.3
    thres3_s: float = 0.45
    thres3_d: float = 0.5
    thres3_i: float = 0.0
    thres3_m: float = 0.4
    margin: float = 0.0
    distance: int = 5
    min_area: float = 25.5
    polygon_buffer: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "float":
                object.__setattr__(self, field.name, real_number(field.name, value))
            elif field.name == "distance":
                object.__setattr__(self, field.name, whole_number(field.name, value, 0, 32767))
            elif field.name == "labels_8bit":
                object.__setattr__(self, field.name, bool(value))
            elif not isinstance(value, str):
                raise InputError(f"{field.name}: got {value!r}, wanted a name")
        _core.stc_check(self)


def frames_and_masks(
    cube: Cube,
) -> tuple[list[NDArray[np.uint8] | NDArray[np.float32]], list[NDArray[np.bool_]] | None]:
    """A cube's frames and masks as the core takes them: C-contiguous, without a copy if they are.

    Raises:
        InputError: The cube has no frames.
    """
    if not len(cube):
        raise InputError("cube: got no frames, wanted at least one month")
    frames = [np.require(frame, None, ["C_CONTIGUOUS", "ALIGNED"]) for frame in cube.prob]
    if cube.valid is None:
        return frames, None
    return frames, [np.ascontiguousarray(mask) for mask in cube.valid]


def collapse_stc(cube: Cube, params: StcParams | None = None, *, aoi: str = "") -> Stack:
    """Find buildings by collapsing all months into one image, and the months they stand in.

    lxastro0's post-processing, first place of SpaceNet 7. Shapes never change, and no building is
    ever torn down: (1) the probabilities of all months are averaged pixel by pixel, over the months
    in which they are above ``thres1``; (2) a watershed of the mean from its peaks gives
    candidates; (3) each has a score for each month, the mean probability over its pixels; (4) if
    these rise it is a building that appears, shown from a first month on; else it is shown in all
    visible months or in none. With ``stc2`` candidates are made once more, with a lower threshold,
    for the buildings that were always there, but for those that overlap one that appears.

    Quirks of the original, by their numbers in DESIGN.md:

    * 20: It keeps labels in 8 bits, so that every 256th candidate is lost. Here only with
      ``labels_8bit``.
    * 21: It fails if no building appears, or if a candidate falls apart when its outline is shrunk
      by a quarter of a pixel. Here the others are returned, and all parts count.
    * 22: One hidden pixel hides a candidate for the month. Kept, unless ``hidden="pixels"``.
    * 23: Its watershed and peaks were those of 2020. Here today's, unless ``rules="2020"``.

    Args:
        cube: Probabilities, uint8 (0 to 255) or float32 (0 to 1), at 1 to 4 times the native
            resolution. NaN is no building. A cube without any visible pixel gives no buildings.
        params: Thresholds; the winner's by default.
        aoi: Name of the area.

    Returns:
        Stack with ``ids``, from 0: first the buildings that appear, then the others; gaps are
        buildings that are shown in no month. Footprints are in native pixels, simplified with a
        tolerance of 0.2 and rounded to 0.1, without holes; in a month they are in order of ids.

    Raises:
        InputError: The cube has no frames.
    """
    frames, masks = frames_and_masks(cube)
    arrays, offsets, ids = _core.stc(frames, masks, float(cube.scale), params or StcParams())
    footprints = Footprints._trusted(arrays)
    return Stack(aoi, cube.months, footprints, offsets, ids, grid=cube.grid)
