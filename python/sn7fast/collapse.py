"""Temporal collapse: from the probabilities of all months to buildings and their dates."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sn7fast import _core
from sn7fast._arguments import real_number, whole_number
from sn7fast.buildings import Buildings
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.stack import Stack
from sn7fast.stc import StcParams, collapse_stc, frames_and_masks

if TYPE_CHECKING:
    from sn7fast.cube import Cube

# What the intervals of first months hold.
LEVEL = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class CollapseParams:
    """Parameters of the default variant of :func:`collapse`.

    Means, rises and gaps are probabilities, from 0 to 1; of masks they are shares of the months.
    Lengths and areas are in pixels of the image, whatever the scale of the cube.

    Attributes:
        max_shift_px: Months are moved on top of each other, by no more than this along an axis;
            0 leaves them where they are, more than 6 is taken for 6.
        min_mean: A pixel belongs to a building that always stood if its mean is above it.
        min_mean_new: A pixel belongs to a new building if its mean since it began is above it.
        min_rise: Somewhere in a new building the mean over 3 x 3 pixels rises by more than this.
        min_gap: Buildings that touch are taken apart if the mean between them is lower by this
            than the highest of each. Low values take more apart.
        min_core_px: Each of them has at least so many pixels above the gap.
        outline: A building reaches to where the mean falls to this share of its highest.
        min_area_px: Smaller buildings are dropped.
        min_months: A building is visible in so many months while it stands, or in all there are.
        max_contact: What is new but touches older buildings with more than this share of its
            outline is taken for a change of their outlines.
        birth: Chance that a building is built in a given month. Lower values make it harder for a
            building to be new.
        death: Chance that it is pulled down in a given month; 0 rules that out.
        never: Chance that a candidate is no building.
        absent: How often a candidate is found in a month in which it does not stand: the two
            parameters of a Beta distribution over candidates, found and missed.
        present: How often it is found while it stands, likewise.
        adapt: By how much these two are moved from the given ones (0) to those that fit the
            cube (1).
        hidden: ``drop`` leaves a building out of months in which less than half of it is visible,
            as SpaceNet 7 labels it; ``keep`` has it stand through them.

    Raises:
        InputError: A number is out of range, NaN, or of another kind; a share is not from 0 to 1.
    """

    max_shift_px: float = 4.0
    min_mean: float = 0.3
    min_mean_new: float = 0.5
    min_rise: float = 0.5
    min_gap: float = 0.06
    min_core_px: float = 3.0
    outline: float = 0.5
    min_area_px: float = 4.0
    min_months: int = 2
    max_contact: float = 0.35
    birth: float = 0.02
    death: float = 0.0005
    never: float = 0.3
    absent: tuple[float, float] = (0.5, 8.0)
    present: tuple[float, float] = (8.0, 1.5)
    adapt: float = 1.0
    hidden: Literal["drop", "keep"] = "drop"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "min_months":
                value = whole_number(field.name, value, 0, 2**31 - 1)
            elif field.name in ("absent", "present"):
                value = _pair(field.name, value)
            elif field.name != "hidden":
                value = real_number(field.name, value)
            object.__setattr__(self, field.name, value)
        _core.collapse_check(self)


Variant = Literal["default", "stc1", "stc2"]


def _pair(name: str, value: Any) -> tuple[float, float]:  # noqa: ANN401 - to be checked
    try:
        one, other = value
    except (TypeError, ValueError):
        raise InputError(f"{name}: got {value!r}, wanted two numbers") from None
    return real_number(name, one), real_number(name, other)


def collapse(
    cube: Cube,
    params: CollapseParams | StcParams | Variant | None = None,
    *,
    aoi: str = "",
) -> Stack:
    """Find the buildings of an AOI and the months in which they stand, from all months at once.

    The default variant follows the idea of the winner of SpaceNet 7 (`sn7fast.stc`): what a
    network errs in differs from month to month, while a building keeps its place and its shape.
    (1) Months are moved on top of each other. (2) Pixels that began at some time are grouped;
    together they say when; the mean since then and, for everything else, the mean of all months
    is cut into buildings, also where two touch and a gap shows in some months. (3) The scores of a
    building (its mean in each month, over what can be seen of it) are weighed: how likely are they
    if it came in this month and went in that one, when neither the chance to find it nor that of
    a false alarm is known? The likeliest history counts.

    Args:
        cube: Probabilities, or masks of 0 and 255, at 1 to 4 times the resolution of the image. NaN
            is hidden. It is read a few rows at a time and may be a memory map.
        params: Which variant: CollapseParams, StcParams, or the name of one with its defaults;
            None is ``default``.
        aoi: Name of the area.

    Returns:
        Stack with ids from 0, each with the same footprint in all its months, in pixels of the
        image, and with ``buildings`` (default variant). A cube in which nothing can be seen, or
        nothing is built, gives a stack without footprints.

    Raises:
        InputError: The cube has no months, a value is no probability (also uint8 of 0 and 1), or a
            parameter is out of range.
    """
    if params is None or (isinstance(params, str) and params == "default"):
        params = CollapseParams()
    elif isinstance(params, str) and params in ("stc1", "stc2"):
        params = StcParams(variant=params)
    if isinstance(params, StcParams):
        return collapse_stc(cube, params, aoi=aoi)
    if not isinstance(params, CollapseParams):
        raise InputError(
            f"params: got {params!r}, wanted CollapseParams, StcParams, 'default', 'stc1' or 'stc2'"
        )
    frames, masks = frames_and_masks(cube)
    arrays, offsets, ids, months, confidence, _ = _core.collapse(
        frames, masks, cube.scale, params, LEVEL
    )
    first, last, low, high, observed = months.T
    numbers = np.arange(len(months))
    buildings = Buildings(numbers, first, low, high, last, confidence, observed)
    footprints = Footprints._trusted(arrays)
    return Stack(aoi, cube.months, footprints, offsets, ids, grid=cube.grid, buildings=buildings)
