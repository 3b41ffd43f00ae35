"""Persistent building identifiers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sn7fast import _core
from sn7fast._arguments import real_number
from sn7fast.errors import InputError
from sn7fast.filters import FilterParams
from sn7fast.footprints import Footprints
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BASELINE_MIN_IOU = 0.25


def track(
    stack: Stack,
    *,
    method: Literal["baseline", "filtered"] = "baseline",
    min_iou: float | None = None,
    reverse: bool = False,
    master: Literal["first", "latest"] = "first",
    params: FilterParams | None = None,
    valid: ArrayLike | None = None,
    scores: ArrayLike | None = None,
) -> Stack:
    """Give the footprints of an AOI identifiers that persist over months.

    ``baseline`` is the tracker of the SpaceNet 7 baseline: month by month, largest footprint first
    (ties in input order), each takes the identifier of the free known building with the highest IoU
    (the lowest identifier wins a tie) if that is at least ``min_iou``, else it founds a new one
    that can be matched from the next month on. An empty month changes nothing.

    ``filtered`` is the same with the rules of `FilterParams` around it: rows can be dropped, and
    rows can be added where a building was not seen. With the preset ``motokimura`` and without
    filling it gives what the fourth place's tracker gave (its ``track_footprint_identifiers``).
    Identifiers then have gaps: in the first month they are numbered before some are dropped, as
    the original does (quirk 24), and later ones can be dropped with all their rows. If the first
    month is empty, that holds for the first one that is not.

    Args:
        stack: Footprints of all months; existing ids are ignored.
        method: ``baseline`` or ``filtered``.
        min_iou: Least IoU (not strict) for taking an identifier. At 0 touching is enough. None
            means 0.25, or what ``params`` say. The published baseline score used 0.2.
        reverse: Go from the last month to the first.
        master: For ``baseline``: which shape stands for a building, the one it was ``first`` seen
            with, as in the baseline, or the ``latest``.
        params: For ``filtered``: the rules. None means the preset ``motokimura``.
        valid: For ``filtered``: bool (T, rows, columns), False under cloud; None if all is seen.
            Gaps are filled with what is visible there.
        scores: For ``filtered``: (n,) how sure the network is of each footprint, 0 to 1; only
            ``late_starts`` asks for them.

    Returns:
        For ``baseline`` the same rows in the same order with ``ids`` (from 0 without gaps, in the
        order of founding) and ``iou`` (with the building's shape; 0 for the first of an
        identifier). For ``filtered`` the rows that are left, and after those of each month what
        fills it, by identifier, with NaN as ``iou``.

    Raises:
        InputError: ``min_iou`` is no number, an unknown method or master, an argument that is not
            for the method, or ``valid`` or ``scores`` do not fit the stack.
    """
    if method == "filtered":
        if master != "first":
            raise InputError(
                f"master: got {master!r} with method 'filtered', wanted it in params, as "
                "shape_update_method"
            )
        return _filtered(stack, min_iou, reverse, params, valid, scores)
    if method != "baseline":
        raise InputError(f"method: got {method!r}, wanted 'baseline' or 'filtered'")
    for name, value in (("params", params), ("valid", valid), ("scores", scores)):
        if value is not None:
            raise InputError(f"{name}: got it with method 'baseline', wanted it with 'filtered'")
    if master not in ("first", "latest"):
        raise InputError(f"master: got {master!r}, wanted 'first' or 'latest'")
    ids, iou = _core.track(
        stack.footprints.arrays,
        stack.frame_offsets,
        _BASELINE_MIN_IOU if min_iou is None else real_number("min_iou", min_iou),
        bool(reverse),
        master,
    )
    return stack.with_ids(ids, iou)


def _filtered(
    stack: Stack,
    min_iou: float | None,
    reverse: bool,
    params: FilterParams | None,
    valid: ArrayLike | None,
    scores: ArrayLike | None,
) -> Stack:
    if params is not None and not isinstance(params, FilterParams):
        raise InputError(f"params: got {type(params).__name__}, wanted FilterParams")
    rules = FilterParams.preset("motokimura") if params is None else params
    source, offsets, ids, iou, parts = _core.track_filtered(
        stack.footprints.arrays,
        stack.frame_offsets,
        rules.with_min_iou(min_iou),
        bool(reverse),
        None if valid is None else _valid(stack, valid),
        None if scores is None else _scores(stack, scores),
    )
    footprints = stack.footprints
    clipped = Footprints._trusted(parts)
    if len(clipped):
        footprints = Footprints.concatenate([footprints, clipped])
    return Stack(stack.aoi, stack.months, footprints[source], offsets, ids, iou, stack.grid)


def _valid(stack: Stack, valid: ArrayLike) -> NDArray[np.uint8]:
    array = np.asarray(valid)
    shape: Any = "rows, columns" if stack.grid is None else stack.grid.shape_yx
    if (
        array.dtype != bool
        or array.ndim != 3
        or len(array) != len(stack.months)
        or (stack.grid is not None and array.shape[1:] != stack.grid.shape_yx)
    ):
        raise InputError(
            f"valid: got {array.dtype} of shape {array.shape}, wanted bool "
            f"({len(stack.months)} months, {str(shape).strip('()')})"
        )
    return np.ascontiguousarray(array).view(np.uint8)


def _scores(stack: Stack, scores: ArrayLike) -> NDArray[np.float64]:
    try:
        array = np.ascontiguousarray(scores, np.float64)
    except (TypeError, ValueError):
        raise InputError("scores: wanted a number for each footprint") from None
    if array.shape != (len(stack),):
        raise InputError(
            f"scores: got shape {array.shape}, wanted ({len(stack)},), one for each footprint"
        )
    if np.isnan(array).any():
        raise InputError("scores: got NaN, wanted a number for each footprint")
    return array
